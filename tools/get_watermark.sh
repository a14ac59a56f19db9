#!/bin/bash
# Puts build/share/nightingale/perth.safetensors, the watermark's network, where the program looks for it. It comes from
# PyPI's resemble-perth (MIT), once: nothing is done when it is there. Without a network it says so and fails.
set -eu
source "$(dirname "$0")/setup.sh"
get_watermark
