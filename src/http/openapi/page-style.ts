import { createHash } from 'node:crypto';

/** How the page looks; small, light and dark, and nothing of it is needed to read the page. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d8dce3, #3a404b); --soft: light-dark(#f4f6f9, #20242b);
  --dim: light-dark(#59616e, #a4adba); --mark: light-dark(#0b5cad, #7db8f5); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 6rem; font: 1rem/1.55 system-ui, sans-serif; }
a { color: var(--mark); }
h1 { margin: 0; } h1 small { font-weight: 400; color: var(--dim); }
h2 { margin: 3rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 .25rem; font-size: .95rem; }
article { margin: 1.25rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; scroll-margin-top: 1rem; }
article:target { border-color: var(--mark); }
nav ul { list-style: none; padding: 0; margin: .25rem 0 1rem; columns: 24rem 2; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; }
pre { background: var(--soft); padding: .75rem; border-radius: .375rem; overflow-x: auto; margin: .5rem 0; }
.method { display: inline-block; min-width: 4.2em; color: var(--mark); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); }
th { color: var(--dim); font-weight: 500; }
.dim { color: var(--dim); }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
`;

const STYLE_HASH = createHash('sha256').update(PAGE_STYLE).digest('base64');

/** Nothing is loaded, run, sent or framed; the one style is the one above. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
