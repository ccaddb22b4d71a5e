// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/option_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "document/errors.hpp"

namespace relapse::kernel {

namespace {

constexpr std::size_t kLongestNumber = 20;
constexpr std::size_t kLongestText = 2048;
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kMarks = " _.,:+=@%()-";

// Read by the guest's kernel alone: a path in them is the guest's.
constexpr std::array<std::string_view, 8> kOfTheGuest{"CONFIG_CMDLINE",          "CONFIG_DEFAULT_INIT",
                                                      "CONFIG_MODPROBE_PATH",    "CONFIG_UEVENT_HELPER_PATH",
                                                      "CONFIG_DEFAULT_HOSTNAME", "CONFIG_STATIC_USERMODEHELPER_PATH",
                                                      "CONFIG_IMA_X509_PATH",    "CONFIG_EVM_X509_PATH"};

// The build reads what they name, a file or a folder of the host, or runs it.
constexpr std::array<std::string_view, 12> kOfTheHost{"CONFIG_INITRAMFS_SOURCE",
                                                      "CONFIG_EXTRA_FIRMWARE",
                                                      "CONFIG_EXTRA_FIRMWARE_DIR",
                                                      "CONFIG_SYSTEM_TRUSTED_KEYS",
                                                      "CONFIG_SYSTEM_REVOCATION_KEYS",
                                                      "CONFIG_SYSTEM_BLACKLIST_HASH_LIST",
                                                      "CONFIG_CFG80211_EXTRA_REGDB_KEYDIR",
                                                      "CONFIG_UNUSED_KSYMS_WHITELIST",
                                                      "CONFIG_CROSS_COMPILE",
                                                      "CONFIG_BUILTIN_DTB_SOURCE",
                                                      "CONFIG_BUILTIN_DTB_NAME",
                                                      "CONFIG_ACPI_CUSTOM_DSDT_FILE"};

template <class Names>
bool holds(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool isNumber(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  if (!hexadecimal && text.starts_with('-')) text.remove_prefix(1);
  const std::string_view digits = hexadecimal ? "0123456789abcdefABCDEF" : kDigits;
  return !text.empty() && text.size() <= kLongestNumber && text.find_first_not_of(digits) == std::string_view::npos;
}

bool isPlain(char letter, bool ofTheGuest) {
  const bool alphanumeric =
      (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
  return alphanumeric || kMarks.find(letter) != std::string_view::npos || (ofTheGuest && letter == '/');
}

// Between its quotes.
bool isPlainText(std::string_view text, bool ofTheGuest) {
  const bool leadsUp = !ofTheGuest && text.find("..") != std::string_view::npos;
  return text.size() <= kLongestText && !leadsUp &&
         std::ranges::all_of(text, [&](char letter) { return isPlain(letter, ofTheGuest); });
}

bool isModuleKey(const AskedOption& option) {
  return option.name == "CONFIG_MODULE_SIG_KEY" && option.value == "\"certs/signing_key.pem\"";  // the build makes it
}

}  // namespace

std::string refusalOf(const AskedOption& option) {
  const std::string_view value = option.value;
  if (value == "y" || value == "m" || value == "n" || isNumber(value) || value == "\"\"" || isModuleKey(option))
    return {};
  if (holds(kOfTheHost, option.name))
    return fmt::format(
        "{} names files of the host that get into the kernel, or a program that the build runs: expected \"\", found "
        "{}",
        option.name, document::quote(value));
  const bool quoted = value.size() >= 2 && value.starts_with('"') && value.ends_with('"');
  const bool ofTheGuest = holds(kOfTheGuest, option.name);
  if (quoted && isPlainText(value.substr(1, value.size() - 2), ofTheGuest)) return {};
  return fmt::format(
      "{}: expected y, m, n, a number, or a text in quotes of letters, digits, blanks and {}{}, as it becomes part of "
      "Makefiles and of a shell's commands; found {}",
      option.name, kMarks.substr(1), ofTheGuest ? "/" : "", document::quote(value));
}

}  // namespace relapse::kernel
