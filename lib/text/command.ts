import { fold, tidy } from './normalise';

/** A command in the syntax of chat channels: `/help@my_bot some words`. */
export interface Command {
  /** folded, without the slash: help */
  name: string;
  /** the bot it is addressed to, folded, if any: my_bot */
  mention?: string;
  /** the words after it, as typed */
  args: readonly string[];
}

const SYNTAX = /^[/\u2044\u2215]([^\s/@]+)(?:@(\S+))?(?: (.*))?$/u;

/** What a text begins with, before it is tidied: hardly any is a command, and some are long. */
const BEGINNING = /^[\s\p{Cc}\p{Default_Ignorable_Code_Point}]*[/\u2044\u2215\uff0f]/u;

/** What ends a sentence is no part of a command: `/help!`, and an emoji */
const END = /(?<![\p{P}\p{Extended_Pictographic}\p{EMod}])[\p{P}\p{Extended_Pictographic}\p{EMod}]+$/u;
const withoutEnd = (word: string) => word.replace(END, (end) => /^[_-]+/.exec(end)?.[0] ?? '');

/** @returns the command in a text, or undefined when it is none */
export function commandOf(text: string): Command | undefined {
  if (!BEGINNING.test(text)) return undefined;
  const [, given = '', mention, rest = ''] = SYNTAX.exec(tidy(text)) ?? [];
  const name = fold(withoutEnd(given));
  if (name === '') return undefined;
  return {
    name,
    ...(mention !== undefined && { mention: fold(withoutEnd(mention)) }),
    args: rest === '' ? [] : rest.split(' '),
  };
}

/** @param wanted `help`, `/help`, or `/help@my_bot` for only one bot */
export function commandTest(wanted: string): (text: string) => boolean {
  const { name, mention } = commandOf(`/${tidy(wanted).replace(/^[/\u2044\u2215]+/, '')}`) ?? {};
  return (text) => {
    const given = commandOf(text);
    return given !== undefined && given.name === name && (mention === undefined || given.mention === mention);
  };
}
