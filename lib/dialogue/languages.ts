/** The supported languages. */
export const languages = ['en-US', 'pt-BR', 'es-ES', 'de', 'fr', 'ja', 'zh-CN'] as const;
export type Language = (typeof languages)[number];

/** @returns the language of a tag such as `pt`, `pt_PT` or `zh-Hans-CN`; undefined for an unsupported one */
export function languageOf(tag: unknown): Language | undefined {
  if (typeof tag !== 'string') return undefined;
  const [base = ''] = tag.trim().toLowerCase().split(/[-_]/);
  return (
    languages.find((one) => one.toLowerCase() === tag.trim().toLowerCase().replace('_', '-')) ??
    languages.find((one) => one.split('-')[0] === base)
  );
}
