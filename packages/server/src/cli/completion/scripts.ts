/** Shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A shell that there is a script for. */
export type Shell = (typeof SHELLS)[number];

/** The scripts. Each asks the program itself what can come next, a candidate a line: its text, a tab, and what it is. `:files` in place of them: names of files. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# Completion of interpose for bash. In ~/.bashrc: source <(interpose completion bash)
_interpose() {
  local line files=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then files=1; else COMPREPLY+=("\${line%%$'\\t'*}"); fi
  done < <(interpose __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  # Without candidates bash completes names of files, which belong only where they are asked for.
  if [[ -z $files ]]; then compopt +o default +o bashdefault 2>/dev/null; fi
}
complete -o bashdefault -o default -F _interpose interpose
`,
  zsh: `#compdef interpose
# Completion of interpose for zsh. In ~/.zshrc, after compinit: source <(interpose completion zsh)
_interpose() {
  local line
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == :files ]]; then _files; return; fi
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(interpose __complete -- "\${(@Q)words[2,$CURRENT]}" 2>/dev/null)
  _describe interpose candidates
}
if [[ \${funcstack[1]} == _interpose ]]; then _interpose "$@"; else compdef _interpose interpose; fi
`,
  fish: `# Completion of interpose for fish. In ~/.config/fish/config.fish: interpose completion fish | source
function __interpose_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l lines (interpose __complete -- $words[2..-1] 2>/dev/null)
  if test "$lines[1]" = ":files"
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $lines
  end
end
complete -c interpose -f -a '(__interpose_complete)'
`,
};
