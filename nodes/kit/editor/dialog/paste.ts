/** Separators by precedence; the first one that occurs in every line is used. */
const separators = ['\t', ';', ','];

/**
 * Parse lines copied from a spreadsheet, a file or a list.
 * @param names the possible names of each column in a header line
 * @returns a list of texts for each line, or undefined for plain text
 */
export function pasted(text: string, names: readonly (readonly string[])[]): string[][] | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length < 2 && !text.includes('\t')) return undefined;
  const separator = names.length < 2 ? undefined : separators.find((one) => lines.every((line) => line.includes(one)));
  const rows = lines.map((line) => (separator === undefined ? [line.trim()] : parts(line, separator, names.length)));
  const isHeading = rows[0]?.every((one, index) => names[index]?.some((name) => same(name, one)));
  return isHeading ? rows.slice(1) : rows;
}

/** Split a line; the last column takes the rest, as its text may contain separators. */
function parts(line: string, separator: string, most: number): string[] {
  const all = line.split(separator);
  const texts = [...all.slice(0, most - 1), all.slice(most - 1).join(separator)];
  return texts.slice(0, all.length).map((one) => one.trim().replace(/^"(.*)"$/, '$1'));
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
