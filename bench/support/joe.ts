/** The default speaker, as the fields of a speech request name it. */
export const JOE = { model: 'piper-en-us-joe', voice: 'joe' } as const;
