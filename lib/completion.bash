# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for seimage and pvdump: verbs and options as their --help lists them, else files.
_kvm_pv_dump()
{
	local cur=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} words=

	if [ "$COMP_CWORD" -eq 1 ]; then
		words="--help --version
			$("$program" --help 2>/dev/null | sed -n '/^Verbs:$/,/^$/s/^  \([a-z-]*\) .*/\1/p')"
	elif [[ $cur == -* ]]; then
		words=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null |
			sed -n 's/^ \{2,6\}\(-[a-z], \)\{0,1\}\(--[a-z-]*\).*/\2/p')
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o default -F _kvm_pv_dump seimage pvdump
