// Colours of code as short class names, line by line, so that a page stays small and the style sheet decides.

import { createCssVariablesTheme, createHighlighter, type Highlighter } from 'shiki';
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript';

const THEME = createCssVariablesTheme({
  name: 'classes',
  variablePrefix: '--',
  variableDefaults: {},
  fontStyle: false,
});

// What the theme calls a token, and the class that it gets here. What is not listed stays as it is.
const CLASSES: Readonly<Record<string, string>> = {
  'var(--token-keyword)': 'k',
  'var(--token-comment)': 'c',
  'var(--token-string)': 's',
  'var(--token-string-expression)': 's',
  'var(--token-constant)': 'n',
  'var(--token-function)': 'f',
};

export type Language = 'typescript' | 'proto' | 'json' | 'shellscript' | 'text';

/** Turns code into lines of HTML. */
export class Colours {
  readonly #highlighter: Highlighter;
  // One text is asked for by the pages of several steps.
  readonly #done = new Map<string, string[]>();

  private constructor(highlighter: Highlighter) {
    this.#highlighter = highlighter;
  }

  static async load(): Promise<Colours> {
    const langs = ['typescript', 'proto', 'json', 'shellscript'];
    return new Colours(await createHighlighter({ themes: [THEME], langs, engine: createJavaScriptRegexEngine() }));
  }

  /** The lines of `code` as HTML, without line ends. */
  lines(code: string, language: Language): string[] {
    const key = `${language}\n${code}`;
    const known = this.#done.get(key);
    if (known !== undefined) return known;
    const { tokens } = this.#highlighter.codeToTokens(code.replace(/\n$/, ''), { lang: language, theme: 'classes' });
    const lines = tokens.map((line) => {
      let html = '';
      let open: { name: string | undefined; text: string } = { name: undefined, text: '' };
      for (const { content, color } of line) {
        const name = /^\s*$/.test(content) ? open.name : classOf(content, color);
        if (name === open.name) open.text += content;
        else {
          html += wrap(open);
          open = { name, text: content };
        }
      }
      return html + wrap(open);
    });
    this.#done.set(key, lines);
    return lines;
  }
}

// The grammar calls many plain variables constants: only literals are coloured as such.
function classOf(content: string, color: string | undefined): string | undefined {
  const name = CLASSES[color ?? ''];
  return name === 'n' && !/^\s*(\d|true|false|undefined)/.test(content) ? undefined : name;
}

function wrap({ name, text }: { name: string | undefined; text: string }): string {
  if (text === '') return '';
  return name === undefined ? escapeHtml(text) : `<b class=${name}>${escapeHtml(text)}</b>`;
}

/** `text` as it may stand in HTML, in an attribute in double quotes too. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** The language of a file by its name. */
export function languageOf(file: string): Language {
  if (file.endsWith('.ts') || file.endsWith('.mjs')) return 'typescript';
  if (file.endsWith('.proto')) return 'proto';
  if (file.endsWith('.json')) return 'json';
  return file.endsWith('.sh') ? 'shellscript' : 'text';
}
