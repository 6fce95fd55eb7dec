#!/usr/bin/env bash
# A camera at a water hole: most pictures are of nothing. Which have an animal in them?
#
#     examples/wildlife_camera.sh learn ~/Sorted "Animal"     # once: a folder with the folders animal and empty
#     examples/wildlife_camera.sh look ~/Camera "Animal"      # every hour, from cron
#
# `look` scores new pictures once each and writes the keyword “Animal” beside those that count (FILE.jpg.xmp),
# which digiKam, darktable and Immich read. It prints what was flagged since the beginning.
set -euo pipefail

what=${1:?learn or look}
folder=${2:?a folder}
concept=${3:?the name of a concept}

case $what in
learn)
    discern library add "$folder"
    discern concept new "$concept" --description "An animal, whole or in part; not an empty place."
    # For figures you can trust, also sort a random sample of the camera's pictures and import it with --random.
    discern concept labels import "$concept" "$folder" --format image-folder --as animal=yes --as empty=no
    discern concept train "$concept"
    ;;
look)
    discern watch "$folder" --concept "$concept" --once
    discern concept train "$concept"     # with the labels that were given meanwhile; else nothing happens
    discern concept keywords "$concept"
    number=$(discern concept watches "$concept" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
    discern concept flagged "$concept" "$number" --n 200
    ;;
*)
    echo "learn or look, not $what" >&2
    exit 2
    ;;
esac
