/** README.txt of an evidence bundle (§7): what it proves, what it does not, and how to check it by hand. */

export const README = String.raw`A signed message
================

This folder shows that one message was signed, so that anybody can check it with openssl alone.

The message is item.txt: its first line is the kind of the text, everything after that line is the text itself.


What it proves
--------------
The holder of the private key that belongs to account.pub.pem certified a device (device.txt), and that device signed
message.txt. By doing so it signed

  - this text (item.txt), through its entry in commitments.bin, whose hash is the line "items:" of message.txt,
  - for this recipient ("to:") in this conversation ("conversation:", "session:"),
  - at this place in the chain of what it sent there ("seq:", "prev:"),
  - and claimed this time ("sent:", milliseconds since 1970-01-01 UTC).


What it does not prove
----------------------
  - Who held that key. Compare the account's fingerprint with one that you have from somewhere else.
  - The true time. "sent:" is what the signer's clock said, or what the signer wanted it to say.
  - That nothing was left out: there may be messages before and after it, and other items in the same flight, which
    stay hidden here.


How to check it
---------------
verify.sh makes all the checks below and some more (sh verify.sh; the exit status is 0 when everything holds). It came
with this folder, though. If you do not trust whoever gave it to you, read it first, or use the program
(waxwing evidence verify FOLDER), or type these commands yourself, inside this folder:

1. The fingerprint of the account (compare it), in the form SHA256:... and as hexadecimal digits:

     openssl pkey -pubin -in account.pub.pem -outform DER | openssl dgst -sha256 -binary | openssl base64
     openssl pkey -pubin -in account.pub.pem -outform DER | openssl dgst -sha256

   The hexadecimal digits are those of the line "account:" in device.txt, whose first line is "waxwing/1 device".

2. The account signed device.txt ("Verified OK"; device.sig has exactly 256 bytes):

     openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
       -verify account.pub.pem -signature device.sig device.txt
     wc -c device.sig

3. The device signed message.txt ("Verified OK"; message.sig has exactly 256 bytes):

     sed -n 's/^sign-key: //p' device.txt | openssl base64 -d -A | openssl pkey -pubin -inform DER -out device-key.pem
     openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
       -verify device-key.pem -signature message.sig message.txt
     wc -c message.sig

4. The first line of message.txt is "waxwing/1 message"; its line "from:" is "account:"/"device:" of device.txt; its
   line "sent:" is not before "not-before:" and not after "not-after:" of device.txt:

     cat device.txt message.txt

5. The hash of commitments.bin is the line "items:" of message.txt, and it holds 32 bytes for each of "count:" items:

     openssl dgst -sha256 commitments.bin
     wc -c commitments.bin

6. The text is one of these items: opening.bin has exactly 32 bytes, and the hash of opening.bin and item.txt together
   is one of the lines (of 32 bytes each) that the last command prints:

     wc -c opening.bin
     cat opening.bin item.txt | openssl dgst -sha256
     od -An -v -tx1 commitments.bin | tr -d ' \n' | fold -w 64
`;
