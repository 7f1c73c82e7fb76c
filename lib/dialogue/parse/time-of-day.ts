import { ownValue } from '../../model';
import { asciiDigits, fold } from '../../text';

const MORNING_WORDS = 'am|a\\.m\\.?|da manha|de la manana|du matin|morgens|vormittags|午前|上午|早上';
const LATER_WORDS =
  "pm|p\\.m\\.?|da tarde|da noite|de la tarde|de la noche|de l'apres-midi|du soir|nachmittags|abends|午後|下午|晚上";
const HALF = `(?:(${MORNING_WORDS}|${LATER_WORDS}))`;
/** twelve in the night is the end of a day */
const NIGHT = /^(?:da noite|de la noche|du soir|abends|晚上)/;
const HALF_HOUR = '半|e meia|y media|et demie';
const UNIT = "(?:[:.h時点时]|uhr|o'clock|horas?|heures?)";
/** prefix words, half of the day, hours, minutes, a half hour, half of the day */
const TIME = new RegExp(
  `^(?:.*?\\s)??${HALF}?\\s?(\\d{1,2})(?:\\s?${UNIT}\\s?(\\d{2})?\\s?(?:min|[分mn])?)?\\s?(${HALF_HOUR})?\\s?${HALF}?\\s?(?:uhr|h|horas?|heures?)?$`,
  'u',
);
/** two times: from one to the other, or one of both */
const SEVERAL = /\d\s?(?:h|:\d\d)?\s?(?:-|or|and|to|ou|e|a|o|y|oder|und|bis|et)\s\d/u;
/** a longer answer is not a time */
const MAX_LETTERS = 80;
const MORNING = new RegExp(`^(?:${MORNING_WORDS})`, 'u');
const NAMED: Readonly<Record<string, string>> = {
  noon: '12:00',
  midday: '12:00',
  midnight: '00:00',
  'meio-dia': '12:00',
  'meio dia': '12:00',
  'meia-noite': '00:00',
  'meia noite': '00:00',
  mediodia: '12:00',
  medianoche: '00:00',
  mittag: '12:00',
  mitternacht: '00:00',
  midi: '12:00',
  minuit: '00:00',
  正午: '12:00',
  中午: '12:00',
  午夜: '00:00',
};

/** @returns the time of day as HH:MM; undefined for none, or for several */
export function readTimeOfDay(text: string): string | undefined {
  if (text.length > MAX_LETTERS) return undefined;
  const plain = asciiDigits(fold(text))
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .replace(/[.!?]+$/, '');
  const named = ownValue(NAMED, plain.replace(/^(?:at|as|a las|a|al|um|ao)\s+/, ''));
  if (named) return named;
  const found = TIME.exec(plain.trim());
  if (!found || SEVERAL.test(plain)) return undefined;
  const [, ahead, hours = '', minutes = '0', half, behind] = found;
  const part = ahead ?? behind;
  const hour = inDay(Number(hours), part);
  const minute = half ? 30 : Number(minutes);
  if (hour === undefined || minute > 59) return undefined;
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

function inDay(hour: number, part: string | undefined): number | undefined {
  if (hour > 24) return undefined;
  if (part === undefined) return hour % 24;
  if (hour > 12) return MORNING.test(part) ? undefined : hour % 24;
  if (MORNING.test(part) || (hour === 12 && NIGHT.test(part))) return hour % 12;
  return (hour % 12) + 12;
}
