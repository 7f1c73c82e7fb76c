import type { State } from './index';
import { stamp } from './index';

const body = (text: string) => ({ type: 'BODY', text });

/** Templates of the shop: placeholders by number and by name, in every part that may have some, and one not approved. */
export function seedTemplates({ templates }: State, at: string): void {
  const whatsapp = { channelId: 'ch_whatsapp', status: 'APPROVED' as const };
  templates.add({
    ...stamp('tpl_order', at),
    ...whatsapp,
    name: 'order_update',
    language: 'en',
    category: 'UTILITY',
    components: [
      { type: 'HEADER', format: 'TEXT', text: 'Order {{1}}', example: { header_text: ['XS204817'] } },
      {
        ...body('Hello {{1}}, your parcel arrives on {{2}}. Thank you for buying plants!'),
        example: { body_text: [['Ana', 'Friday']] },
      },
      { type: 'FOOTER', text: 'Xícara & Samambaia' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Later please' },
          { type: 'URL', text: 'Track it', url: 'https://shop.example/track/{{1}}', example: 'XS204817' },
        ],
      },
    ],
  });
  templates.add({
    ...stamp('tpl_order_pt', at),
    ...whatsapp,
    name: 'order_update',
    language: 'pt_BR',
    category: 'UTILITY',
    components: [body('Olá {{1}}, seu pedido chega em {{2}}.')],
  });
  templates.add({
    ...stamp('tpl_spring', at),
    ...whatsapp,
    name: 'spring_sale',
    language: 'en',
    category: 'MARKETING',
    components: [
      { type: 'HEADER', format: 'IMAGE', example: { header_handle: ['https://shop.example/fern.jpg'] } },
      body('Hi {{first_name}}, ferns are {{discount}} off until Sunday.'),
      { type: 'BUTTONS', buttons: [{ type: 'COPY_CODE', text: 'Copy code', example: 'FERN10' }] },
    ],
  });
  templates.add({
    ...stamp('tpl_hello', at),
    ...whatsapp,
    name: 'hello',
    language: 'en',
    category: 'UTILITY',
    components: [body('Hello! May we write to you about your order?')],
  });
  templates.add({
    ...stamp('tpl_waiting', at),
    ...whatsapp,
    name: 'not_yet',
    language: 'en',
    category: 'MARKETING',
    status: 'PENDING',
    components: [body('New: {{1}}')],
  });
}
