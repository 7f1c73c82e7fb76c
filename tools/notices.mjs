// THIRD-PARTY-NOTICES: the licences of the packages bundled into dist/, which must be distributed with them.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {import('esbuild').Metafile} Metafile */
/** @typedef {{ name: string, version: string, license: string, text: string }} Notice */

const rule = '-'.repeat(80);

/** Packages without a licence file, each with a package of the same repository and licence that contains it. */
const licenseFrom = new Map([['proxy-agent-negotiate', 'http-proxy-agent']]);

/**
 * @param {string} root the project's folder
 * @param {readonly Metafile[]} metafiles of every bundle that is shipped
 * @returns {string} the whole file
 * @throws {Error} when a bundled package brings no licence text
 */
export function notices(root, metafiles) {
  const folders = new Set(metafiles.flatMap(({ outputs }) => Object.values(outputs)).flatMap(packagesOf));
  const found = [...folders].map((folder) => noticeOf(path.join(root, folder)));
  found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version.localeCompare(b.version)));
  return [
    'The files in dist/ hold code of these packages. Each is used under its own licence, which follows its name.',
    ...found.map(({ name, version, license, text }) => `${rule}\n${name} ${version} (${license})\n\n${text}`),
  ]
    .join('\n\n')
    .concat('\n');
}

/**
 * @param {Metafile['outputs'][string]} output
 * @returns {string[]} the folders of the packages that have bytes in it
 */
function packagesOf({ inputs }) {
  return Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => {
    const found = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file);
    return found && bytesInOutput > 0 ? [found[0]] : [];
  });
}

/** @param {string} folder @returns {Notice} */
function noticeOf(folder) {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const { name, version, licenses = [] } = manifest;
  // Older packages have a list.
  const license = manifest.license ?? licenses.map((/** @type {{ type: string }} */ { type }) => type).join(', ');
  const sibling = licenseFrom.get(name);
  const place = sibling ? path.join(folder, '..', sibling) : folder;
  const files = readdirSync(place).filter((file) => /^(licen[cs]e|copying|notice)([.-].*)?$/i.test(file));
  if (files.length === 0) throw new Error(`${name} is bundled and brings no licence text`);
  const texts = files.sort().map((file) => readFileSync(path.join(place, file), 'utf8').trim());
  return { name, version, license, text: texts.join('\n\n').replaceAll('\r\n', '\n') };
}
