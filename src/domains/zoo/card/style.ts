/** How a card looks: one column on a phone, light or dark as the reader's system is, no outside resource. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfa;--paper:#fff;--ink:#1d2430;--soft:#5b6573;--line:#e3e6ea;--accent:#2f5fa8;--fill:#7ea2d6;--warn:#a8541a;--code:#f3f4f6}
@media (prefers-color-scheme:dark){:root{--bg:#12151a;--paper:#1a1e25;--ink:#e6e9ee;--soft:#9aa5b4;--line:#2c323c;--accent:#8db4f0;--fill:#3f6fb5;--warn:#e39a5c;--code:#232831}}
*{box-sizing:border-box}html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.page{max-width:60rem;margin:0 auto;padding:1.2rem 1rem 4rem}
header{display:grid;gap:.4rem 1.4rem;grid-template-columns:1fr auto;align-items:center;padding:1.2rem 0}
h1{font-size:clamp(1.5rem,5vw,2.2rem);margin:0;line-height:1.2;overflow-wrap:anywhere}
header p{margin:.3rem 0 0;color:var(--soft);max-width:44rem}
.badges{display:flex;flex-wrap:wrap;gap:.4rem;padding:0;margin:.6rem 0 0;list-style:none}
.badges li{border:1px solid var(--line);background:var(--paper);border-radius:99px;padding:.1rem .7rem;font-size:.85rem}
.ring{width:6.2rem;text-align:center;font-size:.75rem;color:var(--soft)}.ring svg{width:5rem;height:5rem;display:block;margin:0 auto}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;border-block:1px solid var(--line);padding:.6rem 0;font-size:.9rem}
a{color:var(--accent);text-decoration:none}a:hover,a:focus-visible{text-decoration:underline}
section{background:var(--paper);border:1px solid var(--line);border-radius:.7rem;padding:.4rem 1.2rem 1.1rem;margin-top:1.1rem}
h2{font-size:1.2rem;margin:.7rem 0 .2rem}h3{font-size:.95rem;margin:1.1rem 0 .3rem;color:var(--soft);font-weight:600}
p{margin:.4rem 0;overflow-wrap:anywhere}ul{margin:.4rem 0;padding-left:1.2rem}
.none{color:var(--warn)}.none small,.source{color:var(--soft);font-size:.82rem}
.scroll{overflow-x:auto;margin:.5rem 0}table{border-collapse:collapse;font-size:.88rem;min-width:100%}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top;font-variant-numeric:tabular-nums}
th{color:var(--soft);font-weight:600;white-space:nowrap}td{overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.2rem 1.2rem;margin:.5rem 0;font-size:.92rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
pre{background:var(--code);border-radius:.5rem;padding:.8rem;overflow-x:auto;font:.82rem/1.5 ui-monospace,SFMono-Regular,Menlo,monospace}
code{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:.9em;background:var(--code);padding:0 .25em;border-radius:.25em}
figure{margin:.7rem 0}figcaption{color:var(--soft);font-size:.85rem;margin-bottom:.4rem}
.bar{display:grid;grid-template-columns:minmax(7rem,13rem) 1fr minmax(5rem,auto);gap:.7rem;align-items:center;font-size:.86rem;padding:.1rem 0}
.bar span:first-child{overflow-wrap:anywhere}.bar svg{width:100%;height:1.1rem;display:block}.bar span:last-child{font-variant-numeric:tabular-nums;color:var(--soft);text-align:right}
footer{color:var(--soft);font-size:.85rem;margin-top:1.6rem}
@media (max-width:38rem){header{grid-template-columns:1fr}.ring{width:auto;display:flex;gap:.8rem;align-items:center;text-align:left}.ring svg{margin:0;width:3.4rem;height:3.4rem}section{padding:.3rem .9rem .9rem}.bar{grid-template-columns:1fr auto;gap:.1rem .7rem}.bar svg{grid-column:1/-1;grid-row:2}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}}
@media print{section{break-inside:avoid;border:none;padding:0}nav{display:none}}
`;
