// SPDX-License-Identifier: GPL-2.0-or-later
// Writes pages and JUnit files of sample data for tests/report/pages/check: report_pages FOLDER
#include <filesystem>
#include <fstream>

#include "../samples.hpp"
#include "report/checks.hpp"
#include "report/night_page.hpp"
#include "report/run_page.hpp"

int main(int argc, char** argv) {
  using namespace relapse::report;
  if (argc != 2) return 64;
  const std::filesystem::path folder = argv[1];
  const auto write = [&](const char* name, const std::string& text) { std::ofstream(folder / name) << text; };
  write("run.html", runPage(sampleRun()));
  write("hostile-run.html", runPage(hostileRun()));
  write("night.html", nightPage(sampleNight(), nightPlots(sampleNight())));
  write("hostile-night.html", nightPage(hostileNight(), nightPlots(hostileNight())));
  write("bisect.html", bisectPage(sampleBisect()));
  write("hostile-bisect.html", bisectPage(hostileBisect()));
  write("big-bisect.html", bisectPage(bigBisect(4096)));
  RunFiles failed = hostileRun();
  failed.result["verdict"]["held"] = false;
  write("hostile-run.xml", junit(checksOf(std::span(&failed, 1))));
  write("hostile-night.xml", junit(checksOf(hostileNight())));
  return 0;
}
