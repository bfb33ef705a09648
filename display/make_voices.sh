#!/usr/bin/env bash
# Make every clip that the lobby screen speaks, with espeak-ng, sox and lame only.
# A hall can replace these files by its own recordings; page/voice/README.md lists them.
set -euo pipefail

voice_folder="${1:-$(cd "$(dirname "$0")" && pwd)/page/voice}"
rate_hz=22050
kbit_s=32
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for tool in espeak-ng sox lame; do
  command -v "$tool" >/dev/null || { echo "make_voices.sh needs $tool" >&2; exit 1; }
done

# encode WAV MP3: one channel, a low bit rate, and no tags, so that the same tools make the same bytes.
encode() {
  lame --quiet -m m -b "$kbit_s" --resample 22.05 -t "$1" "$2"
}

# clip LANGUAGE NAME VOICE WORDS_A_MINUTE TEXT: speak the text, cut the silence around it (otherwise there are gaps between digits), normalize the volume.
clip() {
  local target="$voice_folder/$1/$2.mp3"
  espeak-ng -m -v "$3" -s "$4" -w "$scratch/raw.wav" "$5"
  sox -D "$scratch/raw.wav" -r "$rate_hz" -c 1 "$scratch/cut.wav" \
    silence 1 0.01 0.4% reverse silence 1 0.01 0.4% reverse norm -3
  encode "$scratch/cut.wav" "$target"
}

# character LANGUAGE NAME VOICE WORDS_A_MINUTE: speak the name of a letter, and not a word of one letter.
character() {
  clip "$1" "$2" "$3" "$4" "<say-as interpret-as=\"characters\">${2^^}</say-as>"
}

mkdir -p "$voice_folder/zh" "$voice_folder/en"

digits_zh=(零 一 二 三 四 五 六 七 八 九)
digits_en=(zero one two three four five six seven eight nine)
for digit in {0..9}; do
  clip zh "$digit" cmn 150 "${digits_zh[$digit]}"
  clip en "$digit" en-gb 145 "${digits_en[$digit]}"
done
for letter in {a..z}; do
  character zh "$letter" cmn 140
  character en "$letter" en-gb 140
done

clip zh please cmn 150 "请"
clip zh go-to cmn 150 "到"
clip zh counter cmn 155 "号窗口"
clip en number en-gb 145 "Number"
clip en go-to-counter en-gb 150 "please go to counter"
clip en go-to en-gb 150 "please go to"

# Two falling notes, each fading out: audible above conversation, and not longer than a second and a half.
for note in "high 880" "low 698.46"; do
  read -r name hz <<<"$note"
  sox -D -n -r "$rate_hz" -c 1 "$scratch/$name.wav" synth 1.0 sine "$hz" fade l 0.008 1.0 0.95 gain -9
done
sox -D -m "$scratch/high.wav" "|sox -D $scratch/low.wav -p pad 0.42 0" "$scratch/chime.wav" norm -6
encode "$scratch/chime.wav" "$voice_folder/chime.mp3"
