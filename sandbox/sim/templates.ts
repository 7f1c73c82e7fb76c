import { type Fields, type Form, isFields } from '../wire/form';
import { invalid } from '../wire/problem';
import { type Colour, png, type Rectangle } from './png';

export interface Template {
  id: string;
  name: string;
  description: string;
  /** Required keys of `data`. */
  required: readonly string[];
  optional: readonly string[];
  /** The key of `data` with the lines of the picture, and their maximum number. */
  lines?: { key: string; most: number };
  /** Example data, for previews. */
  example: Fields;
}

export const TEMPLATES: readonly Template[] = [
  {
    id: 'menu_opcoes',
    name: 'Menu',
    description: 'A menu with up to 8 options',
    required: ['titulo', 'opcoes'],
    optional: ['subtitulo', 'mensagem_antes'],
    lines: { key: 'opcoes', most: 8 },
    example: { titulo: 'Menu', opcoes: [{ label: 'Coffee' }, { label: 'Plants' }, { label: 'A person' }] },
  },
  {
    id: 'card_produto',
    name: 'Product',
    description: 'One product with its price',
    required: ['nome', 'preco', 'unidade'],
    optional: ['sku', 'estoque', 'imagem_url', 'destaque', 'mensagem'],
    example: { nome: 'Varanda', preco: 34, unidade: 'pc' },
  },
  {
    id: 'status_pedido',
    name: 'Order status',
    description: 'How far an order has come',
    required: ['numero_pedido', 'status_atual'],
    optional: ['itens_resumo', 'valor_total', 'previsao_entrega', 'motorista', 'mensagem'],
    example: { numero_pedido: 'XS204817', status_atual: 'transporte' },
  },
  {
    id: 'lista_produtos',
    name: 'Product list',
    description: 'Up to 6 products with their prices',
    required: ['titulo', 'produtos'],
    optional: ['mensagem'],
    lines: { key: 'produtos', most: 6 },
    example: {
      titulo: 'Coffee',
      produtos: [
        { nome: 'Varanda', preco: 34 },
        { nome: 'Decaf', preco: 39 },
      ],
    },
  },
  {
    id: 'confirmacao',
    name: 'Confirmation',
    description: 'The items of an order and their sum',
    required: ['itens', 'valor_total'],
    optional: ['titulo', 'subtitulo', 'previsao_entrega', 'mensagem'],
    lines: { key: 'itens', most: 100 },
    example: { itens: [{ nome: 'Varanda', quantidade: 2, preco: 34 }], valor_total: 68 },
  },
  {
    id: 'cobranca_pix',
    name: 'Pix payment',
    description: 'A request to pay by Pix',
    required: ['valor', 'pix_payload'],
    optional: ['numero_pedido', 'expiracao', 'mensagem'],
    example: { valor: 68, pix_payload: '00020126sandbox' },
  },
];

export interface Picture {
  data: Buffer;
  width: number;
  height: number;
}

/** @throws a 400 Problem that names the missing or oversized key of `data` */
export function checkData({ required, lines }: Template, form: Form): Fields {
  const data = form.map('data');
  if (!data) throw invalid('data', 'is required');
  for (const key of required) {
    if (data[key] === undefined || data[key] === null || data[key] === '') throw invalid(`data.${key}`, 'is required');
  }
  if (lines) {
    const given = data[lines.key];
    if (!Array.isArray(given)) throw invalid(`data.${lines.key}`, 'must be an array');
    if (given.length > lines.most) throw invalid(`data.${lines.key}`, `must have at most ${lines.most} entries`);
    if (!given.every(isFields)) throw invalid(`data.${lines.key}`, 'must be an array of objects');
  }
  return data;
}

/**
 * Draws the outline of a template: a header and one bar per line, without text.
 *
 * @param width in pixels before scaling
 */
export function draw(template: Template, data: Fields, width: number, scale: number): Picture {
  const lines = template.lines ? (data[template.lines.key] as unknown[]).length : template.required.length;
  const unit = Math.round(width / 20);
  const height = unit * (5 + 3 * lines);
  const bars = Array.from(
    { length: lines },
    (_, line): Rectangle => ({
      x: unit,
      y: unit * (4 + 3 * line),
      width: width - 2 * unit,
      height: 2 * unit,
      colour: line % 2 === 0 ? LIGHT : PALE,
    }),
  );
  const head: Rectangle = { x: 0, y: 0, width, height: 3 * unit, colour: GREEN };
  const scaled = [head, ...bars].map(({ colour, ...box }) => ({
    x: Math.round(box.x * scale),
    y: Math.round(box.y * scale),
    width: Math.round(box.width * scale),
    height: Math.round(box.height * scale),
    colour,
  }));
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  return { data: png(size.width, size.height, WHITE, scaled), ...size };
}

/** The text alternative of the picture. */
export function captionOf({ name, required }: Template, data: Fields): string {
  const text = data.mensagem ?? data.mensagem_antes;
  if (typeof text === 'string' && text !== '') return text;
  const values = required
    .map((key) => data[key])
    .filter((value) => typeof value === 'string' || typeof value === 'number');
  return [name, ...values].join(' · ');
}

const GREEN: Colour = [46, 125, 90];
const LIGHT: Colour = [214, 235, 224];
const PALE: Colour = [236, 244, 240];
const WHITE: Colour = [255, 255, 255];
