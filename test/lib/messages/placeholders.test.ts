import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { LinktorError } from '../../../lib/errors';
import { templateMessage } from '../../../lib/messages/outgoing';
import { componentsFor, placeholdersOf } from '../../../lib/messages/placeholders';

const ids = (components: Parameters<typeof placeholdersOf>[0]) => placeholdersOf(components)?.map(({ id }) => id);

describe('the placeholders of an approved template', () => {
  it('are found in every part that may have some, in order', () => {
    const found = placeholdersOf([
      { type: 'HEADER', text: 'Order {{1}}' },
      { type: 'BODY', text: 'On {{2}}, {{ 1 }}. Again: {{2}}' },
      { type: 'FOOTER', text: 'No {{1}} here' },
      {
        type: 'BUTTONS',
        buttons: [
          { type: 'QUICK_REPLY', text: 'Later' },
          { type: 'URL', text: 'Track', url: 'https://x.test/{{1}}' },
          { type: 'URL', text: 'Shop', url: 'https://x.test/' },
          { type: 'COPY_CODE', text: 'Copy' },
          { type: 'OTP', text: 'Code' },
        ],
      },
    ]);
    assert.deepEqual(found, [
      { id: 'header.1', preview: 'Order {{1}}' },
      { id: 'body.1', preview: 'On {{2}}, {{ 1 }}. Again: {{2}}' },
      { id: 'body.2', preview: 'On {{2}}, {{ 1 }}. Again: {{2}}' },
      { id: 'button.1.url', preview: 'Track https://x.test/{{1}}' },
      { id: 'button.3.code', preview: 'Copy' },
      { id: 'button.4.otp', preview: 'Code' },
    ]);
  });

  it('are no buttons of a kind that every object knows', () => {
    const types = ['constructor', 'toString', '__proto__', 'valueOf', 'hasOwnProperty'];
    assert.deepEqual(ids([{ type: 'BUTTONS', buttons: types.map((type) => ({ type, text: 'x' })) }]), []);
  });

  it('by number come by number, those by name as they stand', () => {
    const body = (text: string) => ids([{ type: 'BODY', text }]);
    assert.deepEqual(body('{{10}} {{9}}'), ['body.9', 'body.10']);
    assert.deepEqual(body('{{to}} {{from}}'), ['body.to', 'body.from']);
  });

  it('include the file of a header', () => {
    for (const kind of ['image', 'video', 'document'])
      assert.deepEqual(ids([{ type: 'HEADER', format: kind.toUpperCase() }]), [`header.${kind}`]);
  });

  it('are not told for a template with cards, or with a place', () => {
    assert.equal(ids([{ type: 'BODY', text: '{{1}}' }, { type: 'CAROUSEL' }]), undefined);
    assert.equal(ids([{ type: 'HEADER', format: 'LOCATION' }]), undefined);
  });
});

describe('the values of placeholders', () => {
  it('become the parts of the message, whatever their order', () => {
    const components = componentsFor([
      { placeholder: 'button.2.otp', value: 4711 },
      { placeholder: 'body.2', value: 'Friday' },
      { placeholder: 'button.1.code', value: 'FERN10' },
      { placeholder: 'header.image', value: 'https://x.test/fern.jpg' },
      { placeholder: 'body.1', value: 'Ana' },
      { placeholder: 'button.0.url', value: 'XS1' },
    ]);
    const text = (text: string) => ({ type: 'text', text });
    assert.deepEqual(components, [
      { type: 'header', parameters: [{ type: 'image', image: { link: 'https://x.test/fern.jpg' } }] },
      { type: 'body', parameters: [text('Ana'), text('Friday')] },
      { type: 'button', sub_type: 'url', index: 0, parameters: [text('XS1')] },
      { type: 'button', sub_type: 'copy_code', index: 1, parameters: [{ type: 'coupon_code', text: 'FERN10' }] },
      { type: 'button', sub_type: 'url', index: 2, parameters: [text('4711')] },
    ]);
  });

  it('by name keep it', () => {
    const { template } = templateMessage('sale', 'en', [
      { placeholder: 'body.first_name', value: 'Ana' },
      { placeholder: 'header.1', value: 'Spring' },
    ]);
    assert.deepEqual(template?.components, [
      { type: 'header', parameters: [{ type: 'text', text: 'Spring' }] },
      { type: 'body', parameters: [{ type: 'text', parameter_name: 'first_name', text: 'Ana' }] },
    ]);
  });

  it('come from an object, by their names', () => {
    const given = { 2: 'Friday', 1: 'Ana', 'header.image': 'https://x.test/Größe 1.jpg', 'button.0.url': 'XS1' };
    const text = (text: string) => ({ type: 'text', text });
    assert.deepEqual(templateMessage('sale', 'en', given).template?.components, [
      { type: 'header', parameters: [{ type: 'image', image: { link: 'https://x.test/Gr%C3%B6%C3%9Fe%201.jpg' } }] },
      { type: 'body', parameters: [text('Ana'), text('Friday')] },
      { type: 'button', sub_type: 'url', index: 0, parameters: [text('XS1')] },
    ]);
    assert.deepEqual(templateMessage('sale', 'en', { first_name: 'Ana' }).template?.components, [
      { type: 'body', parameters: [{ type: 'text', parameter_name: 'first_name', text: 'Ana' }] },
    ]);
  });

  for (const [what, values, words] of [
    ['a file is no web address', [{ placeholder: 'header.image', value: 'fern.jpg' }], /header\.image.*web address/],
    ['one is empty', [{ placeholder: 'body.1', value: ' ' }], /body\.1/],
    ['one has none', [{ placeholder: 'body.1' }], /body\.1 of the template has no value/],
    ['one is left out', [{ placeholder: 'body.2', value: 'x' }], /\{\{1\}\} of the template has no value/],
    ['no template has it', [{ placeholder: 'footer.1', value: 'x' }], /footer\.1/],
    ['it only looks like one', [{ placeholder: 'button.0.toString', value: 'x' }], /button\.0\.toString/],
    ['it is an object', [{ placeholder: 'body.1', value: {} }], /body\.1.*an? .*object/],
  ] as const) {
    it(`are refused by name when ${what}`, () => {
      assert.throws(
        () => componentsFor(values),
        (thrown) => thrown instanceof LinktorError && thrown.code === 'validation' && words.test(thrown.message),
      );
    });
  }

  it('are those of the template, for any text', () => {
    const name = fc.stringMatching(/^[a-z_]{1,8}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1 }), (names) => {
        const text = names.map((one) => `x {{${one}}}`).join(' ');
        const places = placeholdersOf([{ type: 'BODY', text }]) ?? [];
        const [body] = componentsFor(places.map(({ id }) => ({ placeholder: id, value: id }))) as [
          { parameters: { parameter_name: string; text: string }[] },
        ];
        assert.deepEqual(
          body.parameters.map(({ parameter_name, text }) => [parameter_name, text]),
          names.map((one) => [one, `body.${one}`]),
        );
      }),
    );
  });
});
