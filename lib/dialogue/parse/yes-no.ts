import { anyOf, foldLoosely, tidy } from '../../text';

/**
 * Words for yes in the supported languages. A word shared by two languages has the same meaning in both. What may be a
 * polite no as well, such as いいです or 大丈夫です, is neither.
 */
const YES = `
  yes, y, yeah, yep, yup, sure, ok, okay, of course, please, please do, yes please, correct, right, confirm, agreed, true,
  sim, s, sim sim, sim por favor, claro, claro que sim, quero, quero sim, positivo, isso, isso mesmo, certo, confirmo,
  pode ser, com certeza,
  si, si por favor, por supuesto, correcto, vale, de acuerdo,
  ja, j, jawohl, ja gerne, gerne, richtig, genau, stimmt, klar, einverstanden, ja bitte,
  oui, oui s'il vous plaît, oui s'il te plaît, ouais, bien sur, exact, exactement, d'accord, oui merci,
  はい, はい お願いします, はいお願いします, ええ, うん, そうです, お願いします, オーケー, いいですよ, もちろん, もちろんです,
  是, 是的, 对, 对的, 好, 好的, 可以, 确认, 同意, 嗯, 行
`;
const NO = `
  no, n, nope, nah, never, not now, no thanks, no thank you, false, wrong, incorrect,
  não, não quero, nunca, negativo, errado, não obrigado, não obrigada, agora não,
  no gracias, incorrecto, ahora no,
  nein, nee, nö, falsch, niemals, nein danke,
  non, nan, faux, pas du tout, non merci,
  いいえ, いや, ちがいます, 違います, 結構です, いいえ 結構です, だめ,
  不, 不是, 不要, 不行, 没有, 不用, 否
`;

const SIGNS: readonly [sign: RegExp, value: boolean][] = [
  [/^(?:👍|✅|☑|✔|🆗|👌|🙆)/u, true],
  [/^(?:👎|❌|🚫|✖|⛔|🙅)/u, false],
];

/** a longer answer is more than yes or no */
const MAX_LETTERS = 1000;

const listed = (words: string) => words.split(',').map((word) => word.trim());
const isYes = anyOf(listed(YES));
const isNo = anyOf(listed(NO));

/** @returns undefined for an answer that is neither yes nor no */
export function readYesNo(text: string): boolean | undefined {
  if (text.length > MAX_LETTERS) return undefined;
  if (foldLoosely(text) === '') return SIGNS.find(([sign]) => sign.test(tidy(text)))?.[1];
  if (isYes(text)) return true;
  return isNo(text) ? false : undefined;
}
