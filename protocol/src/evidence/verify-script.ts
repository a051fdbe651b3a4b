/**
 * verify.sh of an evidence bundle (§7): the checks of verify.ts with sh, openssl and POSIX text tools alone. Nothing in
 * the files is ever executed or expanded; where a tool is lenient (trailing bytes, other forms of a key, other
 * spellings of a number), the script rebuilds the file and compares.
 */

export const VERIFY_SCRIPT = String.raw`#!/bin/sh
# Checks this folder with openssl and the usual text tools; README.txt says what it proves and what it does not.
# Prints a line for each check and ends with status 0 only when every one of them holds.
LC_ALL=C
export LC_ALL
umask 077
CDPATH= cd -- "$(dirname -- "$0")" || exit 1

ok() { printf 'OK:  %s\n' "$1"; }
bad() { printf 'BAD: %s\n' "$1"; exit 1; }

command -v openssl >/dev/null 2>&1 || bad 'openssl is needed and was not found'
work=$(mktemp -d) || bad 'no temporary folder could be made'
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# size FILE: its bytes.  value_of FILE N NAME: the value of its Nth line, which begins with "NAME: ".
size() { wc -c < "$1"; }
value_of() { sed -n "$2s/^$3: //p" "$1"; }
length() { printf '%s' "$1" | wc -c; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
sha256() { openssl dgst -sha256 -binary | hex; }
# is_hex VALUE DIGITS: lower-case hexadecimal.  is_number VALUE: decimal, no leading zeros, below 2^53.
is_hex() { case $1 in '' | *[!0-9a-f]*) return 1 ;; esac; [ "$(length "$1")" -eq "$2" ]; }
is_number() {
  case $1 in 0) return 0 ;; '' | 0* | *[!0-9]*) return 1 ;; esac
  [ "$(length "$1")" -le 16 ] && [ "$1" -le 9007199254740991 ]
}
# is_key FILE: a DER public key, RSA of 2048 bits with exponent 65537, in its one form.
is_key() {
  [ "$(size "$1")" -eq 294 ] || return 1
  case $(hex < "$1") in
    30820122300d06092a864886f70d01010105000382010f003082010a0282010100[89a-f]*[13579bdf]0203010001) return 0 ;;
  esac
  return 1
}
# decode VALUE FILE: writes what the base64 VALUE stands for, if VALUE is the one way to write it.
decode() {
  printf '%s' "$1" | openssl base64 -d -A > "$2" 2>/dev/null
  [ -n "$1" ] && [ "$(openssl base64 -A < "$2")" = "$1" ]
}
# signed KEY SIGNATURE FILE. openssl ignores what follows the signature's 256 bytes, hence the size.
signed() {
  [ "$(size "$2")" -eq 256 ] && openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
    -sigopt rsa_mgf1_md:sha256 -verify "$1" -signature "$2" "$3" >/dev/null 2>&1
}

for file in account.pub.pem device.txt device.sig message.txt message.sig commitments.bin opening.bin item.txt; do
  [ -f "$file" ] && [ -r "$file" ] || bad "$file is missing"
done

# The account.
openssl pkey -pubin -in account.pub.pem -outform DER > "$work/account" 2>/dev/null || bad 'account.pub.pem is no public key'
is_key "$work/account" || bad 'account.pub.pem is not RSA-2048 with exponent 65537'
openssl pkey -pubin -inform DER -in "$work/account" 2>/dev/null | cmp -s - account.pub.pem ||
  bad 'account.pub.pem is not as openssl prints it'
account=$(sha256 < "$work/account")
ok 'account.pub.pem is a public key'

# The device's certificate: read line by line, checked, put together again and compared with the file.
[ "$(sed -n 1p device.txt)" = 'waxwing/1 device' ] || bad 'device.txt is not a certificate'
device=$(value_of device.txt 3 device)
sign_key=$(value_of device.txt 4 sign-key)
wrap_key=$(value_of device.txt 5 wrap-key)
dh_key=$(value_of device.txt 6 dh-key)
serial=$(value_of device.txt 7 serial)
not_before=$(value_of device.txt 8 not-before)
not_after=$(value_of device.txt 9 not-after)
[ "$(value_of device.txt 2 account)" = "$account" ] || bad 'the certificate names another account'
is_hex "$device" 32 || bad 'device: in device.txt'
decode "$sign_key" "$work/sign" && is_key "$work/sign" || bad 'sign-key: in device.txt'
decode "$wrap_key" "$work/wrap" && is_key "$work/wrap" || bad 'wrap-key: in device.txt'
decode "$dh_key" "$work/dh" && [ "$(size "$work/dh")" -eq 32 ] || bad 'dh-key: in device.txt'
cmp -s "$work/account" "$work/sign" && bad 'one key has two uses'
cmp -s "$work/account" "$work/wrap" && bad 'one key has two uses'
cmp -s "$work/sign" "$work/wrap" && bad 'one key has two uses'
is_number "$serial" && [ "$serial" -ge 1 ] || bad 'serial: in device.txt'
is_number "$not_before" && is_number "$not_after" || bad 'validity in device.txt'
[ "$not_after" -ge "$not_before" ] && [ $((not_after - not_before)) -le 31622400000 ] || bad 'validity in device.txt'
printf 'waxwing/1 device\naccount: %s\ndevice: %s\nsign-key: %s\nwrap-key: %s\ndh-key: %s\nserial: %s\nnot-before: %s\nnot-after: %s\n' \
  "$account" "$device" "$sign_key" "$wrap_key" "$dh_key" "$serial" "$not_before" "$not_after" | cmp -s - device.txt ||
  bad 'device.txt has something that does not belong there'
signed account.pub.pem device.sig device.txt || bad 'device.sig'
ok 'the account signed device.txt'

# The message's statement, in the same way.
[ "$(sed -n 1p message.txt)" = 'waxwing/1 message' ] || bad 'message.txt is not a message statement'
conversation=$(value_of message.txt 2 conversation)
session=$(value_of message.txt 3 session)
to=$(value_of message.txt 5 to)
seq=$(value_of message.txt 6 seq)
prev=$(value_of message.txt 7 prev)
sent=$(value_of message.txt 8 sent)
ttl=$(value_of message.txt 9 ttl)
count=$(value_of message.txt 10 count)
items=$(value_of message.txt 11 items)
openssl pkey -pubin -inform DER -in "$work/sign" -out "$work/sign.pem" 2>/dev/null || bad 'sign-key: in device.txt'
signed "$work/sign.pem" message.sig message.txt || bad 'message.sig'
[ "$(value_of message.txt 4 from)" = "$account/$device" ] || bad 'from: is not this device'
is_hex "$conversation" 64 && is_hex "$session" 32 && is_hex "$to" 64 && is_hex "$prev" 64 || bad 'the grammar of message.txt'
is_number "$seq" && is_number "$sent" && is_number "$ttl" && is_number "$count" || bad 'the numbers of message.txt'
[ "$seq" -ge 1 ] && [ "$count" -ge 1 ] && [ "$count" -le 64 ] || bad 'the numbers of message.txt'
printf 'waxwing/1 message\nconversation: %s\nsession: %s\nfrom: %s\nto: %s\nseq: %s\nprev: %s\nsent: %s\nttl: %s\ncount: %s\nitems: %s\n' \
  "$conversation" "$session" "$account/$device" "$to" "$seq" "$prev" "$sent" "$ttl" "$count" "$items" |
  cmp -s - message.txt || bad 'message.txt has something that does not belong there'
ok 'the device signed message.txt'
[ "$sent" -ge "$not_before" ] && [ "$sent" -le "$not_after" ] || bad 'sent: lies outside the certificate'"'"'s validity'
ok 'the certificate was valid at the time it names'

# The item.
[ "$items" = "sha256:$(sha256 < commitments.bin)" ] || bad 'commitments.bin'
[ "$(size commitments.bin)" -eq $((32 * count)) ] || bad 'count: is not the number of commitments'
[ "$(size opening.bin)" -eq 32 ] || bad 'opening.bin is not 32 bytes'
id=$(cat opening.bin item.txt | sha256)
hex < commitments.bin | fold -w 64 | grep -qx "$id" || bad 'item.txt is not in this flight'
head -n 1 item.txt > "$work/type"
[ "$(tr -d '\041-\176' < "$work/type" | hex)" = 0a ] && [ "$(size "$work/type")" -ge 2 ] && [ "$(size "$work/type")" -le 65 ] ||
  bad 'the first line of item.txt'
ok 'item.txt is one of the items it signed'

fingerprint=$(openssl dgst -sha256 -binary < "$work/account" | openssl base64 -A | tr -d '=')
ok "signed by account SHA256:$fingerprint"
`;
