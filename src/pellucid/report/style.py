"""The look of the report page: one style sheet for light, dark, narrow and paper."""

from __future__ import annotations

STYLE = """
:root{--page:#fff;--card:#f6f7f9;--ink:#1b2330;--soft:#5d6878;--line:#dfe3e9;--link:#005a9c;--good:#0a7f53;--bad:#b3401d;
--s0:#0072b2;--s1:#e69f00;--s2:#009e73;--s3:#cc79a7;--s4:#d55e00;--s5:#56b4e9;--s6:#c9b400;--s7:#7a5cc0;--s8:#8c6a4f;
--s9:#7d8794;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--page:#12161d;--card:#1a2029;--ink:#e6eaf0;--soft:#9aa6b6;--line:#2d3642;
--link:#7cc0f5;--good:#4cc795;--bad:#f08a63;--s0:#4aa8e0;--s1:#f0b63a;--s2:#2fc498;--s3:#e09cc2;--s4:#f07f3c;
--s5:#86cbf2;--s6:#e8d84a;--s7:#a58be6;--s8:#b9937a;--s9:#a3adba}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header,nav,footer{max-width:1040px;margin:0 auto;padding:0 20px}
header{padding-top:34px}
h1{font-size:15px;font-weight:600;color:var(--soft);margin:0 0 6px;overflow-wrap:anywhere}
.headline{font-size:clamp(22px,3.4vw,31px);line-height:1.22;font-weight:680;margin:0 0 20px;letter-spacing:-.01em;
text-wrap:balance}
h2{font-size:21px;margin:52px 0 4px;padding-top:8px;letter-spacing:-.01em}
h3{font-size:15px;margin:18px 0 6px}
p{margin:8px 0}
a{color:var(--link)}
nav{font-size:14px;padding-top:14px;padding-bottom:2px;display:flex;flex-wrap:wrap;gap:4px 16px}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
.top{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,6fr);gap:16px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px 20px;min-width:0}
.card h3{margin-top:0}
.key{border-left:5px solid var(--soft)}
.key.good{border-left-color:var(--good)}
.key.same,.key.worse{border-left-color:var(--bad)}
.big{font-size:50px;font-weight:720;line-height:1.1;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.unit{color:var(--soft);font-size:15px}
.what{color:var(--soft);margin:0 0 14px;max-width:74ch}
.warn{border-left:4px solid var(--s1);background:var(--card);padding:8px 14px;border-radius:6px;margin:10px 0}
.warn.severe{border-left-color:var(--bad)}
.warn.info{border-left-color:var(--s0)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));gap:16px}
figure{margin:0;min-width:0}
figcaption{font-size:14px;font-weight:600;margin-bottom:6px}
figcaption small{display:block;font-weight:400;color:var(--soft);font-size:13px}
.chart{display:block;width:100%;height:auto}
.chart text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
.chart text[font-weight]{font-weight:650}
.chart .name{fill:var(--soft)}
.chart .halo{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.chart .grid{stroke:var(--line)}
.chart .axis,.chart .tick{stroke:var(--soft)}
.chart .mark{stroke:var(--soft);stroke-dasharray:3 3}
.chart .cell{fill:var(--page);stroke:var(--line)}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;font-size:13px;padding:4px 0 0 8px}
.legend span{overflow-wrap:anywhere}
.legend i{display:inline-block;width:18px;height:0;border-top:3px solid var(--c);margin-right:6px;vertical-align:middle}
.legend .dash{border-top-style:dashed}
.legend .dot{width:10px;height:10px;border:0;border-radius:50%;background:var(--c)}
.legend .area{width:14px;height:12px;border:0;background:var(--c);opacity:.35}
.wide{overflow-x:auto}
.heads{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:6px}
.row{margin:10px 0 16px}
.tokens{white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.75;font-size:15px}
.tokens i{font-style:normal;border-radius:3px}.tokens b{font-weight:650}
.tokens .label{border-bottom:3px solid var(--c,transparent)}
.tokens .miss{background:rgba(213,94,0,.28)}.tokens small{color:var(--bad);font-size:12px;padding-left:4px}
.h1{background:rgba(213,94,0,.07)}.h2{background:rgba(213,94,0,.14)}.h3{background:rgba(213,94,0,.21)}
.h4{background:rgba(213,94,0,.28)}.h5{background:rgba(213,94,0,.36)}.h6{background:rgba(213,94,0,.44)}
.h7{background:rgba(213,94,0,.52)}.h8{background:rgba(213,94,0,.6)}.h9{background:rgba(213,94,0,.7)}
#ladder td:first-child{min-width:210px}#ladder th{white-space:normal}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;
overflow-wrap:break-word;max-width:38ch}
th{font-weight:600;color:var(--soft);white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}
tr.own td{font-weight:650}
.soft,td small{color:var(--soft);font-weight:400}
td small{display:block;font-size:13px;white-space:normal}
details{margin:12px 0}
summary{cursor:pointer;font-weight:600;font-size:14px;color:var(--link)}
abbr{text-decoration:underline dotted var(--soft);text-underline-offset:3px;cursor:help}
.strip{display:flex;flex-wrap:wrap;gap:6px;align-items:center;margin:4px 0}.strip b{min-width:7em}
.strip img{width:56px;image-rendering:pixelated}.strip.small img{width:40px}
.strip figure{text-align:center;line-height:1.2}
.wrong{color:var(--s4);font-weight:650}
.mistakes{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,150px),1fr));gap:12px}
.mistakes.cells{grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))}
.mistake{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 12px;font-size:14px;
overflow-wrap:anywhere;break-inside:avoid}
.mistake img{display:block;min-width:96px;max-width:100%;image-rendering:pixelated;margin-bottom:8px;border-radius:4px}
.mistake dl,.facts{display:grid;grid-template-columns:auto minmax(0,1fr);gap:1px 12px;margin:6px 0 0;font-size:13px}
.facts{font-size:14px;gap:3px 18px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;overflow-x:auto;font-size:13px;
line-height:1.45;margin:8px 0}
footer{color:var(--soft);font-size:13px;padding-top:40px;padding-bottom:40px}
@media (max-width:720px){.top{grid-template-columns:minmax(0,1fr)}main,header,nav,footer{padding-left:14px;
padding-right:14px}.card{padding:14px}th{white-space:normal}
th,td{padding-right:8px}}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--link:#000}nav{display:none}
body{font-size:11pt}h2{break-after:avoid}figure,.card,tr{break-inside:avoid}.wide{overflow:visible}}
"""
