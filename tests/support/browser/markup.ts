/** What text becomes a script where it is taken for markup. Threat 12. Each asks for a dialog, or for somebody else's server. */
export const MARKUP: readonly string[] = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  `'"--></style></script><svg onload=alert(1)>`,
  '<a href="javascript:alert(1)">x</a>',
  '[x](javascript:alert(1)) ![x](https://evil.test/x.png)',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<details open ontoggle=alert(1)>x</details>',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<base href="https://evil.test/"><meta http-equiv=refresh content="0;url=https://evil.test/">',
  '<object data="data:text/html,<script>alert(1)</script>"></object>',
  "{{constructor.constructor('alert(1)')()}}${alert(1)}<%= alert(1) %>",
  '<style>*{background:url(https://evil.test/x)}</style>',
  'javascript:alert(1)//',
  '\u202Etxt.\u2066<svg/onload=alert(1)>\u2028\u2029',
];

/** All of them in one, for a field that takes one text. */
export const ALL_MARKUP = MARKUP.join(' ');

/** In the page: elements and attributes that it would never make by itself, as text. */
export const FOREIGN = `[...document.querySelectorAll(
  'img[onerror], [onload], [ontoggle], script:not([src]), iframe, base, object, meta[http-equiv=refresh], ' +
  'a[href^="javascript:" i], [src*="evil.test"], [href*="evil.test"], math, mglyph')].map((one) => one.outerHTML)`;
