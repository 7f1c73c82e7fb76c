import { asciiDigits, foldLoosely, tidy } from '../../text';
import type { Language } from '../languages';

export interface DayRules {
  language: Language;
  /** ISO 3166 code, which decides the order of day and month; by default the language decides */
  country?: string;
  /** IANA time zone, which decides the present day */
  zone?: string;
  /** milliseconds of the clock */
  now: number;
}

const MONTH_FIRST = new Set(['US', 'PH', 'PW', 'FM', 'MH', 'PR', 'GU']);
/** A longer answer is not a date, and is not passed to chrono. */
const MAX_LETTERS = 80;
/** UTF-16 units of such an answer with all that is invisible in it. */
const MAX_GIVEN_LENGTH = 1000;

/** @returns a day such as 2026-05-17; without a year the next such day; undefined when there is none */
export async function readDayOf(text: string, rules: DayRules): Promise<string | undefined> {
  if (text.length > MAX_GIVEN_LENGTH) return undefined;
  const plain = asciiDigits(tidy(text));
  if (plain === '' || plain.length > MAX_LETTERS) return undefined;
  const today = dayIn(rules.zone, rules.now);
  return inFigures(plain, rules, today) ?? (await inWords(plain, rules, today));
}

/** @returns the day at a time in a zone @throws RangeError for an unknown zone */
export function dayIn(zone: string | undefined, at: number): string {
  // Swedish dates have the format of ISO 8601.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(at);
}

function inFigures(text: string, { language, country }: DayRules, today: string): string | undefined {
  const iso = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text);
  if (iso) return valid(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const found = /^(\d{1,2})\s*[-/.]\s*(\d{1,2})(?:\s*[-/.]\s*(\d{2}|\d{4}))?\.?$/.exec(text);
  if (!found) return undefined;
  const [one, other] = [Number(found[1]), Number(found[2])];
  const [month, day] = isMonthFirst(one, other, language, country) ? [one, other] : [other, one];
  const year = found[3] === undefined ? undefined : Number(found[3].length === 2 ? `20${found[3]}` : found[3]);
  if (year !== undefined) return valid(year, month, day);
  const thisYear = Number(today.slice(0, 4));
  const next = valid(thisYear, month, day);
  // 29 February exists in leap years only.
  if (next !== undefined && next >= today) return next;
  return [1, 2, 3, 4].map((years) => valid(thisYear + years, month, day)).find((one_) => one_ !== undefined);
}

function isMonthFirst(one: number, other: number, language: Language, country: string | undefined): boolean {
  if (one > 12) return false;
  if (other > 12) return true;
  if (language === 'ja' || language === 'zh-CN') return true;
  return country === undefined || country === '' ? language === 'en-US' : MONTH_FIRST.has(country.toUpperCase());
}

function valid(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isSame = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isSame ? date.toISOString().slice(0, 10) : undefined;
}

/** A language is loaded when it is first needed. */
const readers = {
  'en-US': async () => (await import('chrono-node/en')).casual,
  'pt-BR': async () => (await import('chrono-node/pt')).casual,
  'es-ES': async () => (await import('chrono-node/es')).casual,
  de: async () => (await import('chrono-node/de')).casual,
  fr: async () => (await import('chrono-node/fr')).casual,
  ja: async () => (await import('chrono-node/ja')).casual,
  'zh-CN': async () => (await import('chrono-node/zh/hans')).casual,
} satisfies Record<Language, () => Promise<unknown>>;

/** chrono knows neither: of the first it reads "tomorrow". Letters without accents and punctuation. */
const AFTER_TOMORROW = [
  'day after tomorrow',
  'depois de amanha',
  'pasado manana',
  'apres demain',
  '明後日',
  'あさって',
];
const IN_DAYS = /(?:^| )(?:daqui a|em) (\d{1,3}) (dia|semana)s?$|(\d{1,3})(日|週間)後$/;

async function inWords(given: string, { language }: DayRules, today: string): Promise<string | undefined> {
  const plain = foldLoosely(given);
  if (AFTER_TOMORROW.some((words) => plain.includes(words))) return daysAfter(today, 2);
  const [, count, unit, ownCount = count, ownUnit = unit] = IN_DAYS.exec(plain) ?? [];
  if (ownCount !== undefined)
    return daysAfter(today, Number(ownCount) * (ownUnit === 'semana' || ownUnit === '週間' ? 7 : 1));
  // The normal form has made letters of ordinals.
  const text = given.replace(/\b(\d{1,2})o (?=de )/, '$1 ');
  // Without a word it is at most a time: "15h" would be fifteen hours from now.
  const hasWord = /\p{L}{3}/u.test(text);
  if (!hasWord && language !== 'ja' && language !== 'zh-CN') return undefined;
  // Noon of our day, so that no zone moves it to another day.
  const reference = { instant: new Date(`${today}T12:00:00Z`), timezone: 0 };
  const own = (await readers[language]()).parse(text, reference, { forwardDate: true });
  const found =
    own.length > 0 || language === 'en-US' || !hasWord
      ? own
      : (await readers['en-US']()).parse(text, reference, { forwardDate: true });
  // A time, or a month, is no day.
  if (!found.every(({ start }) => start.isCertain('day') || start.isCertain('weekday'))) return undefined;
  const days = new Set(
    found.map(({ start }) => {
      const [year, month, day] = (['year', 'month', 'day'] as const).map((part) => start.get(part) ?? 0);
      return valid(year ?? 0, month ?? 0, day ?? 0);
    }),
  );
  return days.size === 1 ? mended(text, [...days][0], today) : undefined;
}

/** chrono does not recognize "next week" before a weekday in Japanese. */
function mended(text: string, day: string | undefined, today: string): string | undefined {
  if (day === undefined || !/来週.*曜/.test(text)) return day;
  const nextMonday = daysAfter(today, 8 - weekday(today));
  return daysAfter(nextMonday, weekday(day) - 1);
}

/** 1 is Monday. */
function weekday(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
}

function daysAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
