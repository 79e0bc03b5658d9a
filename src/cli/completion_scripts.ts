/*
 * What each shell runs when Tab is pressed: it hands over what has been typed as arguments and takes
 * the answer as text. Nothing is evaluated, neither what somebody has typed nor an alias, which is why
 * these are no common package's scripts: those build a command line and have the shell evaluate it.
 */

/** What would begin a placeholder here. */
const S = "$";

/** Bash replaces a part of a word and quotes nothing by itself: `apikey` knows which part, and how. */
const BASH = String.raw`# Completion of apikey in bash: source it, or save it as
# /usr/share/bash-completion/completions/apikey

_apikey() {
  local IFS=$'\n' kind line
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS= read -r line; do COMPREPLY+=("$line"); done
  } < <(command apikey __complete bash "${S}{COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" "$HOME" \
    2>/dev/null </dev/null)
  case $kind in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
  esac
}
complete -o nosort -F _apikey apikey 2>/dev/null || complete -F _apikey apikey
`;

const ZSH = String.raw`#compdef apikey
# Completion of apikey in zsh: source it, or save it as _apikey in a folder of $fpath

_apikey() {
  local line value
  local -a before lines described
  before=("${S}{(@Q)words[2,CURRENT-1]}")
  lines=("${S}{(@f)$(command apikey __complete zsh "${S}{before[@]}" "$PREFIX" \
    2>/dev/null </dev/null)}")
  compset -P 1 '--*='
  case $lines[1] in
    files) _files ;;
    folders) _files -/ ;;
    words)
      for line in "${S}{(@)lines[2,-1]}"; do
        value=${S}{line%%$'\t'*}
        value=${S}{value//\\/\\\\}
        described+=("${S}{value//:/\\:}:${S}{line#*$'\t'}")
      done
      _describe -V 'what fits' described -M 'm:{[:upper:]}={[:lower:]}'
      ;;
  esac
}

if [[ $funcstack[1] == _apikey ]]; then
  _apikey "$@"
else
  compdef _apikey apikey
fi
`;

const FISH = String.raw`# Completion of apikey in fish: source it, or save it as
# /usr/share/fish/vendor_completions.d/apikey.fish

function __apikey_candidates
    set -l before (commandline -opc)
    set -l lines (command apikey __complete fish $before[2..] (commandline -ct) 2>/dev/null </dev/null)
    set -g __apikey_kind $lines[1]
    set -g __apikey_words $lines[2..]
    test "$__apikey_kind" = words -o -z "$__apikey_kind"
end

complete -c apikey -e
complete -c apikey -k -f -n __apikey_candidates -a '$__apikey_words'
`;

export const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
