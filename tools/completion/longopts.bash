# SPDX-License-Identifier: MIT
# Completion for commands that tell their options with --help: the options, files otherwise.
_chatterbox_longopts() {
  local word="${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  if [[ "$word" == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$1" --help 2>&1 | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u)" -- "$word")
  fi
}
complete -o default -F _chatterbox_longopts chatterbox-server chatterbox-quantize chatterbox-watermark
