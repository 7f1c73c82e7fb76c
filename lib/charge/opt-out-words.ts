import type { Language } from '../dialogue/languages';

/** Messages that opt out of all unsolicited messages; the whole message must match. */
const outWords: Record<Language, readonly string[]> = {
  'en-US': ['stop', 'stop all', 'stopall', 'quit', 'end', 'revoke', 'opt out', 'optout', 'cancel', 'unsubscribe'],
  'pt-BR': ['sair', 'parar', 'pare', 'descadastrar', 'cancelar inscrição'],
  'es-ES': ['baja', 'parar', 'cancelar suscripción', 'darme de baja'],
  de: ['stopp', 'abmelden', 'abmeldung', 'abbestellen', 'austragen'],
  fr: ['stop', 'arrêt', 'désabonner', 'désabonnement', 'désinscrire', 'désinscription', 'me désabonner'],
  ja: ['停止', '配信停止', '解除', '退会'],
  'zh-CN': ['退订', '取消订阅', 'td', 't'],
};

/** Messages that opt in again. */
const inWords: Record<Language, readonly string[]> = {
  'en-US': ['start', 'unstop', 'subscribe', 'opt in', 'optin'],
  'pt-BR': ['voltar', 'iniciar', 'cadastrar'],
  'es-ES': ['alta', 'iniciar', 'suscribir'],
  de: ['anmelden', 'start', 'abonnieren'],
  fr: ['reprendre', 'abonner', 'démarrer'],
  ja: ['再開', '配信再開'],
  'zh-CN': ['订阅', '恢复订阅'],
};

const replies: Record<Language, { out: string; in: string }> = {
  'en-US': {
    out: 'You will get no more messages of this kind. Write START to get them again.',
    in: 'You will get our messages again.',
  },
  'pt-BR': {
    out: 'Você não receberá mais mensagens deste tipo. Escreva VOLTAR para recebê-las de novo.',
    in: 'Você voltará a receber nossas mensagens.',
  },
  'es-ES': {
    out: 'No recibirá más mensajes de este tipo. Escriba ALTA para volver a recibirlos.',
    in: 'Volverá a recibir nuestros mensajes.',
  },
  de: {
    out: 'Sie erhalten keine solchen Nachrichten mehr. Schreiben Sie START, um sie wieder zu erhalten.',
    in: 'Sie erhalten unsere Nachrichten wieder.',
  },
  fr: {
    out: 'Vous ne recevrez plus de messages de ce type. Écrivez REPRENDRE pour les recevoir à nouveau.',
    in: 'Vous recevrez à nouveau nos messages.',
  },
  ja: {
    out: '今後このようなメッセージはお送りしません。再開するには「再開」とお送りください。',
    in: 'メッセージの配信を再開します。',
  },
  'zh-CN': {
    out: '您将不再收到此类消息。如需恢复，请回复“订阅”。',
    in: '您将重新收到我们的消息。',
  },
};

/** SMS carriers require these words to opt out, whatever else they could mean. */
export const smsOutWords: readonly string[] = ['stop', 'stopall', 'unsubscribe', 'cancel', 'end', 'quit'];

/** @returns the opt-out words of a language, and the English ones, which people try everywhere */
export function optOutWordsOf(language: Language): readonly string[] {
  return [...new Set([...outWords[language], ...outWords['en-US']])];
}

/** @returns the opt-in words of a language */
export function optInWordsOf(language: Language): readonly string[] {
  return [...new Set([...inWords[language], ...inWords['en-US']])];
}

/** @returns the confirmation of an opt-out or opt-in */
export function optReplyOf(language: Language, way: 'out' | 'in'): string {
  return replies[language][way];
}
