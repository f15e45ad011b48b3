#!/bin/bash
# Find a Chromium for the browser tests; where there is none and this user may, install Debian's.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" > /dev/null && exit 0
done
if [ -n "$BOOK_CHROMIUM" ] && [ -x "$BOOK_CHROMIUM" ]; then exit 0; fi
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if command -v apt-get > /dev/null && { [ -z "$sudo" ] || $sudo true 2> /dev/null; }; then
  echo "The site's test needs a browser: installing Debian's chromium (apt-get install chromium) .."
  if $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq chromium > /dev/null; then
    command -v chromium > /dev/null && exit 0
  fi
fi
echo "The site's test needs Chromium: install it, or set BOOK_CHROMIUM=/path/to/chromium." >&2
exit 1
