/** In this order, the first that every line has. */
const separators = ['\t', ';', ','];

/**
 * Read lines that somebody has copied out of a spreadsheet, a file or a list.
 * @param names what each column may be called in a first line that names them
 * @returns a list of texts for each line, or undefined when it is no more than a text
 */
export function pasted(text: string, names: readonly (readonly string[])[]): string[][] | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length < 2 && !text.includes('\t')) return undefined;
  const separator = names.length < 2 ? undefined : separators.find((one) => lines.every((line) => line.includes(one)));
  const rows = lines.map((line) => (separator === undefined ? [line.trim()] : parts(line, separator, names.length)));
  const isHeading = rows[0]?.every((one, index) => names[index]?.some((name) => same(name, one)));
  return isHeading ? rows.slice(1) : rows;
}

/** The last column takes all that is left: a text may have commas of its own. */
function parts(line: string, separator: string, most: number): string[] {
  const all = line.split(separator);
  const texts = [...all.slice(0, most - 1), all.slice(most - 1).join(separator)];
  return texts.slice(0, all.length).map((one) => one.trim().replace(/^"(.*)"$/, '$1'));
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
