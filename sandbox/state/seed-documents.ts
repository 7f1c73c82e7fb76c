// The knowledge base a fresh sandbox starts with: an invented coffee and houseplant shop in São Paulo.
// Answers quote single sentences of these texts, so every sentence names its subject and states one fact.
export const shop: { name: string; documents: { id: string; name: string; content: string }[] } = {
  name: 'Xícara & Samambaia',
  documents: [
    {
      id: 'doc_opening_hours',
      name: 'Opening hours',
      content:
        'We are open Monday to Friday from 9:00 to 19:00, and the espresso bar takes its last order at 18:30. ' +
        'On Saturday we are open from 9:00 to 17:00. ' +
        'On Sunday we are open from 10:00 to 14:00, mostly for coffee, cake and a slow look at the plants. ' +
        'On public holidays our opening hours are the Sunday hours, from 10:00 to 14:00. ' +
        'We are closed on 25 December, on 1 January and on Carnival Tuesday. ' +
        'The online shop takes orders day and night, and orders placed after 15:00 are packed on the next working day.',
    },
    {
      id: 'doc_shipping',
      name: 'Shipping cost and delivery time',
      content:
        'Shipping within the city of São Paulo costs R$ 12 and takes one to two working days by bicycle courier. ' +
        'Shipping to the rest of the state of São Paulo costs R$ 19 and takes two to four working days. ' +
        'Shipping to all other states of Brazil, such as Rio de Janeiro, costs R$ 29 and takes four to eight working days. ' +
        'Shipping is free for orders over R$ 180 anywhere in Brazil. ' +
        'Plants travel in a ventilated box and are only sent from Monday to Wednesday, so that no plant spends a weekend in a warehouse. ' +
        'We do not ship outside Brazil at the moment. ' +
        'You can also pick up your order in the shop free of charge, usually two hours after you placed it.',
    },
    {
      id: 'doc_returns',
      name: 'Returns and refunds',
      content:
        'You can return unopened coffee and unused accessories within 30 days of delivery. ' +
        'To start a return, send us your order number and we will e-mail you a free return label. ' +
        'Refunds are paid within five working days after the parcel reaches us, always by the payment method of the order. ' +
        'A Pix refund usually arrives on the same day we approve the return. ' +
        'Opened bags of coffee cannot be returned, but if you do not like a coffee we exchange one bag per order for another roast. ' +
        'If an item arrives broken, send us a photo within 48 hours and we will send a replacement at no cost.',
    },
    {
      id: 'doc_payment',
      name: 'Payment methods',
      content:
        'We accept Pix, credit cards, debit cards and boleto as payment methods. ' +
        'If you pay with Pix you get a 5% discount, and your order is confirmed within a minute. ' +
        'Credit card payments can be split into up to three instalments without interest for orders over R$ 90. ' +
        'We accept Visa, Mastercard, Elo and American Express cards. ' +
        'A boleto is valid for three days, and the bank takes up to two working days to confirm the payment. ' +
        'In the shop you can also pay in cash. ' +
        'An electronic invoice (nota fiscal) is sent to your e-mail address with every order.',
    },
    {
      id: 'doc_order_tracking',
      name: 'Order tracking',
      content:
        'You can track your order with the tracking link in the e-mail we send when the parcel leaves the shop. ' +
        'If you cannot find the tracking link, send us your order number here and we will look the order up for you. ' +
        'An order number starts with XS and has six digits, for example XS204817. ' +
        'The tracking page is updated every few hours, and the first update can take until the evening of the shipping day. ' +
        'If your order has not moved for three working days, write to us and we will ask the carrier. ' +
        'You can change the address or cancel an order until it is packed, normally at 15:00 on the day you placed it.',
    },
    {
      id: 'doc_address',
      name: 'Store address and how to get here',
      content:
        'Our shop is at Rua das Pitangueiras Velhas, 218, in Vila Madalena, São Paulo. ' +
        'The nearest metro station is Vila Madalena on the green line, a walk of seven minutes. ' +
        'There is no parking at the shop itself, but the car park at number 240 gives our customers one free hour. ' +
        'Bicycles can be locked in the courtyard behind the shop. ' +
        'The entrance, the café and the plant room are all accessible by wheelchair. ' +
        'Dogs are welcome in the courtyard and get a bowl of water.',
    },
    {
      id: 'doc_gift_wrapping',
      name: 'Gift wrapping and gift cards',
      content:
        'Gift wrapping costs R$ 8 per item and includes a handwritten card with your message of up to 200 characters. ' +
        'We wrap gifts in recycled kraft paper with a dried fern leaf. ' +
        'For a gift, tick "This is a gift" at the checkout and no prices will be in the parcel. ' +
        'You can have a gift sent directly to another address, and you can choose the week of delivery. ' +
        'Gift cards are available for R$ 50, R$ 100 and R$ 200, arrive by e-mail and are valid for two years. ' +
        'A gift card can be used in the shop and online.',
    },
    {
      id: 'doc_warranty',
      name: 'Warranty and healthy plant promise',
      content:
        'Grinders, kettles and espresso machines have a warranty of 12 months from the day of delivery. ' +
        'The warranty covers defects in material and manufacture, but not limescale or damage from a fall. ' +
        'For a warranty claim, send us the order number and a short video of the problem. ' +
        'Most warranty repairs are done in our own workshop within ten working days. ' +
        'Every plant has a healthy plant promise of 21 days: if it wilts although you followed its care card, we replace it once for free. ' +
        'Ceramic pots and cups are covered by the warranty only if they arrive broken.',
    },
    {
      id: 'doc_subscription',
      name: 'Coffee subscription',
      content:
        'The coffee subscription costs R$ 62 per month for two bags of 250 g, freshly roasted, with shipping included. ' +
        'A larger subscription with four bags of 250 g costs R$ 116 per month. ' +
        'You choose whole beans or a grind, and every month brings a different Brazilian farm. ' +
        'Subscription boxes are sent in the first week of the month. ' +
        'You can pause, change or cancel the subscription at any time in your account, without a fee, until the 25th of the month before. ' +
        'Subscribers get a 10% discount on everything else in the shop.',
    },
    {
      id: 'doc_coffee',
      name: 'Our coffee, roasting and grinding',
      content:
        'We roast our coffee every Tuesday and Thursday, and a bag is never older than ten days when it leaves the shop. ' +
        'The house blend, called Varanda, tastes of chocolate and roasted nuts and costs R$ 34 for 250 g. ' +
        'Our decaf comes from Sul de Minas, is decaffeinated with water and costs R$ 39 for 250 g. ' +
        'We grind coffee free of charge for espresso, moka pot, filter, French press or cold brew. ' +
        'Coffee keeps its flavour for about six weeks in a closed bag in a dark cupboard, and it should not be kept in the fridge. ' +
        'All our coffee is arabica from family farms in Minas Gerais, Bahia and Espírito Santo.',
    },
    {
      id: 'doc_plant_care',
      name: 'Plant care: watering, light and soil',
      content:
        'Water most houseplants once a week, and only when the top two centimetres of the soil feel dry. ' +
        'Ferns (samambaias) like bright shade and soil that stays slightly moist, so water a fern two or three times a week in summer. ' +
        'Water succulents and cacti every two to three weeks, and keep them in full light. ' +
        'Yellow leaves are usually a sign of too much water, while brown tips are a sign of dry air. ' +
        'Repot a plant in spring when its roots come out of the bottom of the pot. ' +
        'Used coffee grounds are a good fertiliser: mix one spoon into the soil once a month.',
    },
    {
      id: 'doc_pet_safe_plants',
      name: 'Plants that are safe for pets and easy for beginners',
      content:
        'Ferns, calatheas, spider plants and peperomias are safe for cats and dogs. ' +
        'Pothos (jiboia), monstera and dieffenbachia are toxic for pets when chewed, so keep them out of reach. ' +
        'Every plant in our shop has a green paw on its label if it is safe for cats and dogs. ' +
        'The easiest plants for beginners are the zamioculca, the sansevieria and the spider plant. ' +
        'The zamioculca is our best plant for a dark room, because it needs little light and water only every three weeks. ' +
        'Small plants cost from R$ 25, and the large samambaia in a hanging basket costs R$ 89.',
    },
    {
      id: 'doc_wholesale',
      name: 'Wholesale and offices',
      content:
        'We sell coffee wholesale to cafés, restaurants and offices from 5 kg per month. ' +
        'The wholesale price starts at R$ 84 per kilogram and falls with the amount. ' +
        'Wholesale customers pay by boleto or Pix within 14 days of the invoice. ' +
        'For offices we also rent plants, with a visit of our gardener every two weeks, from R$ 240 per month. ' +
        'To open a wholesale account, send your company name, your CNPJ and the amount you need to atacado@xicara-samambaia.example. ' +
        'We answer wholesale requests within two working days and gladly send a box of samples first.',
    },
    {
      id: 'doc_contact',
      name: 'Talk to a person',
      content:
        'To talk to a person, write "human" in this chat and somebody from our team will take over. ' +
        'Our team answers in the chat from Monday to Friday between 9:00 and 18:00, usually within ten minutes. ' +
        'Outside those hours a person will answer you on the next working morning. ' +
        'You can also call us at +55 11 5550 0142 or write an e-mail to ola@xicara-samambaia.example. ' +
        'Please have your order number ready if you contact us about an order. ' +
        'For complaints, ask for Dona Lourdes, who owns the shop and reads every complaint herself.',
    },
  ],
};
