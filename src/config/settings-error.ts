/**
 * Says what is wrong with the settings, all of it at once, so that one start shows every mistake.
 * The command line prints the problems and ends with exit code 78 (`EX_CONFIG` of sysexits.h).
 */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  /** One sentence or two each: the setting, its value, what is allowed, how to mend it. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['The settings cannot be used:', ...problems.map((line) => `  - ${line}`)].join('\n'));
    this.problems = problems;
  }
}
