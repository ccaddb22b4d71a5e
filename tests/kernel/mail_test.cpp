// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/mail.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"
#include "kernel/mail_text.hpp"

namespace relapse::kernel {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Base64, IsDecodedWholeOrNotAtAll) {
  EXPECT_EQ(fromBase64("").value_or("none"), "");
  EXPECT_EQ(fromBase64("YQ==").value_or("none"), "a");
  EXPECT_EQ(fromBase64("YWI=\n").value_or("none"), "ab");
  EXPECT_EQ(fromBase64("YW\r\n Jj\r\n").value_or("none"), "abc");
  EXPECT_EQ(fromBase64("/+8A").value_or("none"), std::string("\xff\xef\0", 3));
  for (const char* bad : {"Y", "YQ", "YQ=", "YWI", "YQ===", "YQ==YQ==", "Y*==", "====", "\xff"})
    EXPECT_FALSE(fromBase64(bad)) << bad;
  EXPECT_FALSE(fromBase64(std::string_view("YW\0I=", 5)));
}

TEST(QuotedPrintable, LeavesWhatIsNoEscape) {
  EXPECT_EQ(fromQuotedPrintable("=3D=c3=bc"), "=\u00fc");
  EXPECT_EQ(fromQuotedPrintable("a=\nb=\r\nc= \t\nd"), "abcd");
  EXPECT_EQ(fromQuotedPrintable("a = b =ZZ =4"), "a = b =ZZ =4");
  EXPECT_EQ(fromQuotedPrintable("cut="), "cut");
}

TEST(EncodedWords, AreDecodedInTheCharactersSetsThatMailUses) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"plain", "plain"},
      {"=?utf-8?Q?J=C3=B6rg_M?= <j@x>", "J\u00f6rg M <j@x>"},
      {"=?UTF-8?b?5Y2a?=", "\u535a"},
      {"=?utf-8?q?a?= =?utf-8?q?b?= c", "ab c"},
      {"=?utf-8?q?=C3?= \t =?utf-8?q?=BC?=", "\u00fc"},
      {"=?iso-8859-1?Q?J=F6rg?=", "J\u00f6rg"},
      {"=?utf-8*de?Q?J=C3=B6rg?=", "J\u00f6rg"},
      {"=?koi8-r?Q?J=F6rg?=", "=?koi8-r?Q?J=F6rg?="},
      {"=?utf-8?X?a?= =?utf-8?Q?a", "=?utf-8?X?a?= =?utf-8?Q?a"},
      {"=?utf-8?B?YQ?=", "=?utf-8?B?YQ?="},
      {"=?=?=??", "=?=?=??"},
  };
  for (const auto& [encoded, meant] : table) EXPECT_EQ(fromEncodedWords(encoded), meant) << encoded;
}

TEST(OneLine, IsTextWithoutControlCharacters) {
  EXPECT_EQ(oneLine(" a\r\n\tb\x1b[1m "), "a b [1m");
  EXPECT_EQ(oneLine(std::string_view("a\0b", 3)), "a b");
  EXPECT_EQ(oneLine("\xff\u00fc\xc3"), "\ufffd\u00fc\ufffd");
}

TEST(UnixLineEnds, AreMadeOfThoseThatTheFirstLineHas) {
  EXPECT_EQ(withUnixLineEnds("a\r\nb\r\nc\rd"), "a\nb\nc\rd");
  EXPECT_EQ(withUnixLineEnds("a\n+b\r\n"), "a\n+b\r\n");  // a file that has such line ends
  EXPECT_EQ(withUnixLineEnds("\n"), "\n");
}

const std::string kFrom = "From mboxrd@z Thu Jan  1 00:00:00 1970\n";

TEST(Messages, BeginWhereAMailerBeganThem) {
  EXPECT_THAT(messagesOf(""), IsEmpty());
  EXPECT_THAT(messagesOf("\n\n"), IsEmpty());
  EXPECT_THAT(messagesOf("From here on it is 12:00 o'clock\n"), IsEmpty());
  EXPECT_THAT(messagesOf(kPatchA), IsEmpty());
  EXPECT_THAT(messagesOf("Subject: x\n\nFrom 10:00 to 12\n"), SizeIs(1));
  EXPECT_THAT(messagesOf(kFrom + "Subject: a\n\nFrom the start.\n" + kFrom + "Subject: b\n"), SizeIs(2));
  EXPECT_THAT(messagesOf("\n" + kFrom + "Subject: a\n"), SizeIs(1));
}

TEST(ReadMail, UnfoldsAndDecodesItsHead) {
  const Mail mail = readMail(
      "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
      "SUBJECT: [PATCH 1/2] a\n =?utf-8?q?long_=C3=BC?=\n\t =?utf-8?q?ber?=\nFrom: \"Doe, J.\" <j@x>\n"
      "Message-ID: <1@x>\nSubject: another\n more\n\nBody\n");
  EXPECT_EQ(mail.commit, "0123456789abcdef0123456789abcdef01234567");
  EXPECT_EQ(mail.subject, "[PATCH 1/2] a long \u00fcber");
  EXPECT_EQ(mail.author, "Doe, J. <j@x>");
  EXPECT_EQ(mail.messageId, "1@x");
}

TEST(ReadMail, KnowsNoCommitThatIsNone) {
  EXPECT_EQ(readMail(kFrom + "Subject: a\n\n").commit, "");
  EXPECT_EQ(readMail("From " + std::string(40, '0') + " Mon Sep 17 00:00:00 2001\nSubject: a\n\n").commit, "");
  EXPECT_EQ(readMail("").subject, "");
  EXPECT_EQ(readMail(kPatchA).subject, "");
}

TEST(ReadMail, TheAuthorInTheBodyOutdoesTheSender) {
  EXPECT_EQ(readMail("Subject: a\nFrom: list <l@x>\n\n\nFrom: =?utf-8?q?J=C3=B6rg?= <j@x>\n\nWhy.\n").author,
            "J\u00f6rg <j@x>");
  EXPECT_EQ(readMail("Subject: a\nFrom: list <l@x>\n\nWhy.\nFrom: j\n").author, "list <l@x>");
}

TEST(ReadMail, GivesAPlainMessageAsItIs) {
  const std::string message = kFrom + "Subject: a\nContent-Transfer-Encoding: 8bit\n\nB\xff\n";
  EXPECT_EQ(readMail(message).text.value_or("none"), message);
  EXPECT_EQ(readMail("Subject: a\r\n\r\nB\r\n").text.value_or("none"), "Subject: a\n\nB\n");
  EXPECT_EQ(readMail(kFrom + "Subject: a\n\n>From me\n>>From you\n> From him\n").text.value_or("none"),
            kFrom + "Subject: a\n\nFrom me\n>From you\n> From him\n");
}

TEST(ReadMail, DecodesItsBody) {
  const std::string head = "Subject: a\nFrom: j\nContent-Transfer-Encoding: ";
  EXPECT_EQ(readMail(head + "Quoted-Printable\n\n+a =3D=\n b\n").text.value_or("none"),
            "From: j\nSubject: a\n\n+a = b\n");
  EXPECT_EQ(readMail(head + "base64\n\nYQ0KYg0K\n").text.value_or("none"), "From: j\nSubject: a\n\na\nb\n");
}

TEST(ReadMail, SaysWhatIsWrongWithItsBody) {
  const std::string head = "Subject: a\nContent-Transfer-Encoding: ";
  const Mail cut = readMail(head + "base64\n\nYQ0KY\n");
  ASSERT_FALSE(cut.text);
  EXPECT_EQ(cut.text.error().message, "its base64 is cut or damaged");
  const Mail odd = readMail(head + "x-uuencode\n\nbegin\n");
  ASSERT_FALSE(odd.text);
  EXPECT_THAT(odd.text.error().message, HasSubstr("found \"x-uuencode\""));
}

TEST(ReadMail, TakesTheTextOfSeveralParts) {
  const std::string mail =
      "Subject: a\nContent-Type: multipart/signed; boundary=\"=-out\"; protocol=x\n\nnot this\n--=-out\n"
      "Content-Type: multipart/mixed; boundary=in\n\n--in\nContent-Type: text/plain\n\none\n--in\n"
      "Content-Type: text/x-patch\nContent-Transfer-Encoding: base64\n\ndHdv\n--in\nContent-Type: text/html\n\n<p>\n"
      "--in--\nnor this\n--=-out\nContent-Type: application/pgp-signature\n\nsignature\n--=-out--\n";
  EXPECT_EQ(readMail(mail).text.value_or("none"), "From: \nSubject: a\n\none\ntwo\n");
  EXPECT_FALSE(readMail("Subject: a\nContent-Type: multipart/mixed\n\nx\n").text);
}

TEST(ReadMail, EndsWithPartsInPartsForEver) {
  std::string mail = "Subject: a\n";
  for (int i = 0; i < 100; ++i)
    mail += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\n\n--b" + std::to_string(i) + "\n";
  ASSERT_FALSE(readMail(mail).text);
  EXPECT_THAT(readMail(mail).text.error().message, HasSubstr("too deep"));
}

TEST(ReadMail, TakesAnyBytesInTheTimeThatTheirNumberAsksFor) {
  const std::string long_(10u << 20, 'x');
  EXPECT_THAT(readMail("Subject: " + long_ + "\n\n" + long_).subject, SizeIs(long_.size()));
  for (const char* piece : {"=?", "=?a?Q?", "=", ":", "From ", "\"", ">", "\n ", "\r\n", "--b\n", "\xff", "= "}) {
    std::string many;
    while (many.size() < 1u << 20) many += piece;
    const Mail mail = readMail("Subject: a" + many + "\nContent-Type: multipart/mixed; boundary=b\n\n" + many);
    EXPECT_THAT(mail.subject, StartsWith("a")) << piece;
    messagesOf(many);
    fromQuotedPrintable(many);
  }
}

}  // namespace
}  // namespace relapse::kernel
