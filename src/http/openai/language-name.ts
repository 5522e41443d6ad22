const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

/** The English name of a language as verbose transcripts carry it: `en` → `english`. */
export function languageName(code: string): string {
  return (names.of(code) ?? code).toLowerCase();
}
