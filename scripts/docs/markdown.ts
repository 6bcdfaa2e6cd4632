/** A page's path below `docs/` and its text. */
export type Pages = Record<string, string>;

/** The first line of every generated page. */
const GENERATED = '<!-- Written by `npm run docs` from the code. Change the code, not this page. -->';

export function page(title: string, ...blocks: string[]): string {
  return `${[GENERATED, `# ${title}`, ...blocks].join('\n\n')}\n`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

export function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** Within a cell a bar would end it and a line break would end the table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
