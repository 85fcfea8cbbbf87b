"""`wecrm completion`: the script that teaches a shell to complete `wecrm`; it asks `complete.py` back."""

from typing import Annotated

import typer

from wecrm.cli.command import command, session, single
from wecrm.errors import UsageError
from wecrm.i18n import _

app = single()

_BASH = r"""# Completion of wecrm for bash. Made by: wecrm completion bash
_wecrm() {
    local answer line="${COMP_LINE:0:COMP_POINT}" IFS=' '
    [[ -n $line ]] || line="${COMP_WORDS[*]:0:COMP_CWORD+1}"
    COMPREPLY=()
    while IFS= read -r answer; do
        case $answer in
            $'\tfiles') compopt -o default 2>/dev/null || while IFS= read -r answer; do COMPREPLY+=("$answer"); done \
                < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}") ;;
            $'\tmore') compopt -o nospace 2>/dev/null ;;
            *) COMPREPLY+=("$answer") ;;
        esac
    done < <(command wecrm __complete bash "$COMP_WORDBREAKS" "$line" 2>/dev/null)
}
complete -o nosort -F _wecrm wecrm 2>/dev/null || complete -F _wecrm wecrm
"""

_ZSH = r"""#compdef wecrm
# Completion of wecrm for zsh. Made by: wecrm completion zsh
_wecrm() {
    local answer value told last="$PREFIX"
    local -a values shown end
    [[ -n $QIPREFIX ]] || last="${(Q)PREFIX}"
    for answer in "${(@f)$(command wecrm __complete -- "${(@Q)words[2,CURRENT-1]}" "$last" 2>/dev/null)}"; do
        value="${answer%%$'\t'*}" told="${answer#*$'\t'}"
        if [[ $answer == $'\tfiles' ]]; then
            [[ $PREFIX == --*=* ]] && compset -P '*='
            _files
            return
        elif [[ $answer == $'\tmore' ]]; then
            end=(-S '')
        elif [[ -n $value ]]; then
            values+=("$value")
            shown+=("$value${told:+  -- $told}")
        fi
    done
    (( $#values )) && compadd -U -V wecrm "${(@)end}" -l -d shown -a values
}
if [[ ${funcstack[1]} == _wecrm ]]; then _wecrm "$@"; else compdef _wecrm wecrm; fi
"""

_FISH = r"""# Completion of wecrm for fish. Made by: wecrm completion fish
function __wecrm_complete
    set -l before (commandline -opc)
    set -e before[1]
    for answer in (command wecrm __complete fish -- $before (commandline -ct) 2>/dev/null)
        switch $answer
            case \tfiles
                set -l option (commandline -ct | string match -r '^--[^=]*=')
                for path in (__fish_complete_path (commandline -ct | string replace -r '^--[^=]*=' ''))
                    printf '%s%s\n' "$option" $path
                end
            case \tmore
            case '*'
                printf '%s\n' $answer
        end
    end
end
complete -c wecrm -f -k -a '(__wecrm_complete)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@command(
    app,
    "completion",
    _("Print the script by which bash, zsh or fish completes what you type."),
    (
        "wecrm completion bash > ~/.local/share/bash-completion/completions/wecrm",
        "wecrm completion zsh > ~/.zfunc/_wecrm",
        "wecrm completion fish > ~/.config/fish/completions/wecrm.fish",
    ),
    _(
        "It completes commands and options, profiles, columns, and tags, members and jobs as the cache knows them. "
        "Nothing is fetched from WeCom for it."
    ),
)
def completion(
    ctx: typer.Context,
    shell: Annotated[str, typer.Argument(help=_("bash, zsh or fish."), metavar="SHELL")],
) -> None:
    s = session(ctx)
    if shell not in SCRIPTS:
        raise UsageError(
            _("There is no completion for {shell}.", shell=shell),
            "",
            _("Shells: {names}.", names=", ".join(SCRIPTS)),
        )
    s.stdout.write(SCRIPTS[shell])
    s.stdout.flush()
