// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/download.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <mutex>

#include "kernel/hash.hpp"
#include "process/descriptor.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
constexpr long kConnectSeconds = 10;
constexpr long kSilentSeconds = 30;

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

struct Transfer {
  process::Descriptor part;
  const DownloadOptions& options;
  curl_off_t resumedAt = 0;
  int writeError = 0;
};

std::size_t onData(char* data, std::size_t size, std::size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  std::size_t written = 0;
  while (written < size * count) {
    const ssize_t now = ::write(transfer->part.get(), data + written, size * count - written);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) {
      transfer->writeError = errno;
      return 0;
    }
    written += static_cast<std::size_t>(now);
  }
  return written;
}

int onProgress(void* user, curl_off_t total, curl_off_t now, curl_off_t, curl_off_t) {
  const auto* transfer = static_cast<Transfer*>(user);
  if (transfer->options.stop.stop_requested()) return 1;
  if (transfer->options.onBytes)
    transfer->options.onBytes(transfer->resumedAt + now, total == 0 ? 0 : transfer->resumedAt + total);
  return 0;
}

Handle handleFor(const std::string& url, Transfer& transfer, char* complaint) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  Handle handle(curl_easy_init(), curl_easy_cleanup);
  CURL* curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kSilentSeconds);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "relapse");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, complaint);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &onData);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &onProgress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, transfer.resumedAt);
  return handle;
}

struct Attempt {
  CURLcode code = CURLE_OK;
  long status = 0;  // of HTTP
  int writeError = 0;
  std::string complaint;
};

Attempt attempt(const std::string& url, const fs::path& part, const DownloadOptions& options) {
  Transfer transfer{process::Descriptor(::open(part.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)),
                    options};
  if (!transfer.part.isOpen()) return {CURLE_WRITE_ERROR, 0, errno, {}};
  transfer.resumedAt = static_cast<curl_off_t>(fs::file_size(part));
  char complaint[CURL_ERROR_SIZE] = "";
  const Handle handle = handleFor(url, transfer, complaint);
  Attempt made;
  made.code = curl_easy_perform(handle.get());
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &made.status);
  made.writeError = transfer.writeError;
  made.complaint = complaint[0] != '\0' ? complaint : curl_easy_strerror(made.code);
  return made;
}

// The part cannot be continued: it is as long as the file or longer, or the server knows no ranges.
bool cannotResume(const Attempt& made) {
  return made.code == CURLE_RANGE_ERROR || made.code == CURLE_BAD_DOWNLOAD_RESUME ||
         made.code == CURLE_FILE_COULDNT_READ_FILE || made.status == 416;
}

bool wasCut(const Attempt& made) {
  return made.code == CURLE_PARTIAL_FILE || made.code == CURLE_RECV_ERROR || made.code == CURLE_OPERATION_TIMEDOUT ||
         made.code == CURLE_HTTP2_STREAM;
}

Failure failureOf(const Attempt& made, const std::string& url) {
  if (made.code == CURLE_ABORTED_BY_CALLBACK) return {FailureKind::Cancelled, "cancelled"};
  if (made.writeError != 0) {
    const bool full = made.writeError == ENOSPC || made.writeError == EDQUOT;
    return {full ? FailureKind::Exhausted : FailureKind::HostLacks,
            fmt::format("cannot keep {}: {}", url, std::system_category().message(made.writeError))};
  }
  return {FailureKind::HostLacks, fmt::format("{}: {}", url, made.complaint)};
}

// Goes on as long as each attempt brings bytes.
Result<void> bringPart(const std::string& url, const fs::path& part, const DownloadOptions& options) {
  while (true) {
    const auto before = fs::exists(part) ? fs::file_size(part) : 0;
    const Attempt made = attempt(url, part, options);
    if (made.code == CURLE_OK) return {};
    const auto after = fs::exists(part) ? fs::file_size(part) : 0;
    if (wasCut(made) && after > before) continue;
    if (after == 0) fs::remove(part);
    if (before == 0 || !cannotResume(made)) return passOn(failureOf(made, url));
    fs::remove(part);
  }
}

}  // namespace

Result<void> download(const std::string& url, const std::string& sha256, const fs::path& file,
                      const DownloadOptions& options) {
  const fs::path part = file.string() + ".part";
  const bool resumed = fs::exists(part);
  // An interrupted move left it whole.
  if (!resumed || sha256OfFile(part) != sha256) {
    if (auto brought = bringPart(url, part, options); !brought) return brought;
    const std::string found = sha256OfFile(part);
    if (found != sha256) {
      fs::remove(part);
      if (resumed) return download(url, sha256, file, options);  // what was resumed may have been another file's
      return fail(FailureKind::HostLacks, fmt::format("{}: expected sha256 {}, found {}", url, sha256, found));
    }
  }
  fs::rename(part, file);
  return {};
}

}  // namespace relapse::kernel
