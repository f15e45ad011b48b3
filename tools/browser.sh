#!/bin/bash
# Find a Chromium for the browser tests; where there is none and this user may, install Debian's.
# The one without windows opens a page in two thirds of the time.
if [ -n "$BOOK_CHROMIUM" ] && [ -x "$BOOK_CHROMIUM" ]; then exit 0; fi
for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" > /dev/null && exit 0
done
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if command -v apt-get > /dev/null && { [ -z "$sudo" ] || $sudo true 2> /dev/null; }; then
  echo "The site's test needs a browser: installing Debian's Chromium by apt-get .."
  $sudo apt-get update -qq
  for name in chromium-headless-shell chromium; do
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$name" > /dev/null 2>&1
    command -v "$name" > /dev/null && exit 0
  done
fi
echo "The site's test needs Chromium: install it, or set BOOK_CHROMIUM=/path/to/chromium." >&2
exit 1
