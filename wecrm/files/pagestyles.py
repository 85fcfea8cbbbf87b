"""What pages for people have in common: they run and fetch nothing; colours for light, dark and paper, type, tables."""

BEGIN = """<!DOCTYPE html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width">
<title>{{ title | visible }}</title>
<style>
@page { size: A4; margin: 14mm;
  @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt } }
:root { color-scheme: light dark; --back: #fff; --text: #1c1c1c; --soft: #5c5c5c; --line: #d0d0d0; --card: #f5f5f5;
  --good: #1b7f4b; --mild: #8a6100; --bad: #b3261e; --wait: #4a63a8 }
@media (prefers-color-scheme: dark) { :root { --back: #16181c; --text: #e8e8e8; --soft: #a6a6a6; --line: #3c4048;
  --card: #1f2228; --good: #59c58d; --mild: #e0b34c; --bad: #f2857d; --wait: #94a9e8 } }
@media print { :root { color-scheme: light; --back: #fff; --text: #000; --soft: #444; --line: #bbb; --card: #fff;
  --good: #1b7f4b; --mild: #8a6100; --bad: #b3261e; --wait: #4a63a8 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 5mm; max-width: 210mm; background: var(--back); color: var(--text);
  overflow-wrap: anywhere; font: 9.5pt/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif }
header { border-bottom: .4mm solid var(--text); margin-bottom: 4mm; padding-bottom: 2mm }
h1 { margin: 0; font-size: 16pt; line-height: 1.25 }
h2 { margin: 6mm 0 1.5mm; font-size: 12pt; break-after: avoid }
h3 { margin: 0; font-size: 9.5pt }
p { margin: 0 0 1mm }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(27mm, 1fr)); gap: 2mm }
.cards div { border: .2mm solid var(--line); background: var(--card); border-radius: 1mm; padding: 1.5mm 2mm }
.cards b { display: block; font-size: 14pt; line-height: 1.2; font-variant-numeric: tabular-nums }
.cards span, small, dt { color: var(--soft) }
figcaption span { display: inline-block; margin-right: 4mm }
figcaption i { display: inline-block; width: 2.6mm; height: 2.6mm; margin-right: 1mm; background: currentColor;
  print-color-adjust: exact; -webkit-print-color-adjust: exact }
table { border-collapse: collapse; width: 100% }
thead { display: table-header-group }
tr { break-inside: avoid }
th, td { border-bottom: .2mm solid var(--line); padding: .8mm 1.5mm; text-align: left; vertical-align: top }
th { color: var(--soft); font-weight: normal }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
@media print { body { padding: 0; max-width: none } }
"""
"""A Jinja2 template up to the end of the common style; it wants `language`, `title` and the filter `visible`."""
