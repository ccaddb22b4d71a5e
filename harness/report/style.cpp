// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/style.hpp"

namespace relapse::report {

const std::string_view kStyle = R"css(
:root{--bg:#fff;--fg:#1c2128;--muted:#57606a;--line:#d5dae0;--panel:#f5f7f9;--accent:#0b5cad;
--good:#136c2e;--bad:#b3261e;--warn:#7d5200;--calm:#57606a;
--good-bg:#dff3e4;--bad-bg:#fbe1de;--warn-bg:#faecc8;--calm-bg:#eaedf0;
--f0:#ffdcb8;--f1:#ffe9b8;--f2:#fdd0bd;--f3:#f3e4b0;--fault:#7d5200;--work:#0b5cad}
@media screen and (prefers-color-scheme:dark){:root{--bg:#101418;--fg:#e4e8ec;--muted:#a3acb6;--line:#323a43;
--panel:#181d23;--accent:#84bdf7;--good:#7fdc97;--bad:#ff9d94;--warn:#e8bb57;--calm:#a3acb6;
--good-bg:#16361f;--bad-bg:#4a1c19;--warn-bg:#40310d;--calm-bg:#272d35;
--f0:#5b3a1c;--f1:#57471a;--f2:#5e3227;--f3:#4b4320;--fault:#e8bb57;--work:#84bdf7}}
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%;scroll-padding-top:3rem}
body{margin:0 auto;max-width:76rem;padding:0 1rem 3rem;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
code,pre,.trace,.flame,svg text.m{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:.875em}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-99rem;background:var(--bg);padding:.5rem 1rem;z-index:9}.skip:focus{left:0;top:0}
header{padding:1.25rem 0 .5rem}
.kicker{margin:0;color:var(--muted);font-size:.85rem}
h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 .25rem;font-weight:650}
h2{font-size:1.1rem;margin:0 0 .6rem;font-weight:650}h3{font-size:.95rem;margin:1rem 0 .4rem;font-weight:650}
p{margin:.4rem 0}.muted{color:var(--muted)}.small{font-size:.85rem}
nav{display:flex;flex-wrap:wrap;gap:.1rem .9rem;padding:.5rem 0;border-bottom:1px solid var(--line);position:sticky;top:0;
background:var(--bg);z-index:5;font-size:.88rem}
nav a{text-decoration:none;padding:.15rem 0}nav a:hover{text-decoration:underline}
section{padding:1.1rem 0 .6rem;border-bottom:1px solid var(--line)}
footer{padding-top:1rem;color:var(--muted);font-size:.85rem}
.badge{display:inline-block;padding:.05em .5em;border-radius:4px;font-weight:650;white-space:nowrap}
.badge.good{background:var(--good-bg);color:var(--good)}.badge.bad{background:var(--bad-bg);color:var(--bad)}
.badge.warn{background:var(--warn-bg);color:var(--warn)}.badge.calm{background:var(--calm-bg);color:var(--calm)}
h1 .badge{font-size:.8em;vertical-align:.08em;margin-right:.35em}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr));gap:.35rem 1.5rem;margin:.6rem 0}
.facts div{display:flex;gap:.6rem;min-width:0}.facts dt{color:var(--muted);flex:0 0 5.6rem}
.facts dd{margin:0;min-width:0}
.sentence{border-left:4px solid var(--bad);background:var(--panel);padding:.55rem .8rem;margin:.4rem 0 .8rem;
font-weight:600}
pre{background:var(--panel);border:1px solid var(--line);border-radius:4px;padding:.55rem .7rem;margin:.5rem 0;
overflow-x:auto;white-space:pre;overflow-wrap:normal;line-height:1.4;max-height:36rem}
pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
.wide{overflow-x:auto;margin:.4rem 0;position:relative}
table{border-collapse:collapse;width:100%;font-size:.875rem;overflow-wrap:break-word}
th,td{text-align:left;vertical-align:top;padding:.28rem .6rem .28rem 0;border-bottom:1px solid var(--line)}
th{color:var(--muted);font-weight:600;white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th.n,td.n{padding-right:1.4rem}
td:not(.n){min-width:5rem}.kernels td:nth-child(2){min-width:13rem}
details{margin:.4rem 0}td details{margin:0}summary{cursor:pointer;padding:.2rem 0;color:var(--accent)}
td summary{padding:0;white-space:nowrap}
details[open]>summary{margin-bottom:.3rem}
ul{margin:.3rem 0;padding-left:1.2rem}
.trace{list-style:none;margin:.5rem 0;padding:0;line-height:1.45}
.trace li{display:flex;flex-wrap:wrap;gap:0 1.2rem;padding:.12rem .5rem;border-left:3px solid var(--line)}
.trace li:nth-child(odd){background:var(--panel)}.trace li.first{border-color:var(--bad)}
.trace .fn{flex:1 1 22rem;min-width:0}.trace .at{flex:1 1 18rem;min-width:0;color:var(--muted)}
.trace .inl{flex-basis:100%;padding-left:1.2rem;color:var(--muted)}
.chart{display:block;width:100%;min-width:44rem;height:auto}
.chart text{fill:var(--fg);font-size:12px;font-family:inherit}.chart .soft{fill:var(--muted)}
.chart .axis{stroke:var(--line)}.chart .lane{fill:var(--panel)}
.chart .fault{fill:var(--warn-bg);stroke:var(--fault)}.chart .work{fill:none;stroke:var(--work)}
.chart .phase{fill:var(--work)}.chart .setup{fill:var(--bg);stroke:var(--muted);stroke-width:1.5}
.chart .probe{fill:var(--muted)}.chart .event{fill:var(--bad)}.chart .event.also{fill:var(--bg);stroke:var(--bad);stroke-width:1.5}
.chart .event.step{fill:var(--bg);stroke:var(--muted);stroke-width:1.5}
.chart .box{fill:var(--panel);stroke:var(--line)}.chart .box.holder{stroke:var(--bad);stroke-width:1.5;fill:var(--bad-bg)}
.chart .wire{stroke:var(--muted);stroke-width:1.5;fill:none}.chart .wire.guess{stroke-dasharray:5 4}
.chart .tip{fill:var(--muted)}
.chart .name{paint-order:stroke;stroke:var(--bg);stroke-width:5px}
.chart .likely{fill:var(--accent)}.chart .likely.chosen{fill:var(--bad)}
.chart .seen{fill:var(--muted)}.chart .seen.bad,.chart .seen.chosen{fill:var(--bad)}.chart .seen.good{fill:var(--good)}
.chart .seen.other{fill:none;stroke:var(--fault);stroke-width:1.5}
.legend svg{width:20px;height:12px;vertical-align:-1px;min-width:0;display:inline}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;font-size:.82rem;color:var(--muted);margin:.3rem 0}
.flame{min-width:34rem;line-height:1.2;font-size:12px}
.fb{display:flex;flex-direction:column-reverse;min-width:0}.fr{display:flex;align-items:flex-end;min-width:0}
.fl{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;padding:.22em .35em;margin:0 1px 1px 0;
border-radius:2px;color:var(--fg);min-width:0;position:relative}
.f0{background:var(--f0)}.f1{background:var(--f1)}.f2{background:var(--f2)}.f3{background:var(--f3)}
.fl:focus{overflow:visible;z-index:4;outline:3px solid var(--accent);outline-offset:-1px}
.fl:hover{outline:2px solid var(--accent);outline-offset:-2px}
.fl:focus::after,.fl:hover::after{content:attr(data-full);position:fixed;left:1rem;bottom:1rem;max-width:calc(100vw - 2rem);
white-space:normal;background:var(--fg);color:var(--bg);padding:.4em .7em;border-radius:4px;z-index:8}
.wide:has(.map){scroll-padding:0 3.4rem 0 9.5rem}
.map{width:auto;font-size:.8rem}.map th,.map td{padding:1px;border:0;text-align:center;min-width:1.65rem}
.map th[scope=row]{text-align:left;font-weight:400;color:var(--fg);padding-right:.7rem;white-space:normal;min-width:9.5rem;
max-width:19rem;position:sticky;left:0;background:var(--bg);z-index:1;line-height:1.25}
.map thead th{font-weight:400;font-size:.72rem;line-height:1.15;vertical-align:bottom}
.map tr>:last-child{position:sticky;right:0;background:var(--bg);padding-left:6px}
.map td a,.map td span.k{display:block;padding:.12rem .15rem;border-radius:3px;line-height:1.15;text-decoration:none;
font-variant-numeric:tabular-nums}
.map td b{display:block;font-weight:700}.map .now{font-weight:700}
.map td.none{color:var(--muted)}
.k.good{background:var(--good-bg);color:var(--good)}.k.bad{background:var(--bad-bg);color:var(--bad)}
.k.warn{background:var(--warn-bg);color:var(--warn)}.k.calm{background:var(--calm-bg);color:var(--calm)}
.k.strong{outline:2px solid currentColor;outline-offset:-2px}
.bar{display:block;width:100%;max-width:26rem;height:1.6rem;color:var(--fg)}
.bar .axis{fill:var(--calm-bg)}.bar .range{fill:var(--accent);opacity:.35}.bar .mark{fill:var(--accent)}
.cell{border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem;margin:.6rem 0}
.cell h3{margin:0 0 .3rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:.5rem 1.5rem}
.plots figure{margin:0;min-width:0}figcaption{font-size:.82rem;color:var(--muted)}
.plot{display:block;width:100%;height:auto;max-width:34rem;color:var(--fg)}
@media (max-width:640px){body{padding:0 .75rem 2rem;font-size:14.5px}h1{font-size:1.25rem}nav{position:static}
html{scroll-padding-top:0}.map th[scope=row]{max-width:8.5rem;min-width:7rem;font-size:.72rem}}
@media print{:root{color-scheme:light}body{max-width:none;font-size:10pt;padding:0}nav,.skip,.legend.screen{display:none}
section{border:0;padding:.5rem 0}h2,h3,summary{break-after:avoid}pre,.wide{overflow:visible;max-height:none}pre{white-space:pre-wrap}
.chart,.flame{min-width:0!important}.trace li,tr,figure,svg{break-inside:avoid}summary{color:var(--fg);list-style:none}
details::details-content{content-visibility:visible;block-size:auto;display:block}
a{color:inherit;text-decoration:none}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.map{font-size:6pt}.map th,.map td{min-width:0}}
)css";

}  // namespace relapse::report
