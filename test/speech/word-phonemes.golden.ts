/**
 * Which phonemes say which word, read through by hand: words that espeak runs together ("of the") or
 * takes apart ("e.g."), letters, numbers, quotes, hyphens, and languages with other habits.
 * Each row: voice, text, words with their phonemes; clauses are apart by a bar.
 */
export const WORD_PHONEMES: readonly (readonly [voice: string, text: string, words: string])[] = [
  [
    'en-us',
    'The end of the war, and some of it was in the news.',
    'The=ðɪ end=ˈɛnd of=ʌv the=ðə war,=wˈɔːɹ | and=ænd some=sˌʌm of=ʌv it=ɪt was=wʌz in=ɪn the=ðə news.=nˈuːz',
  ],
  [
    'en-us',
    'She said "no", of course; it was an idea of the FBI and NASA.',
    'She=ʃiː said=sˈɛd "no",=nˈoʊ | of=ʌv course;=kˈɔːɹs | it=ɪt was=wʌz an=ɐn idea=aɪdˈiə of=ʌv the=ðɪ FBI=ˌɛfbˌiːˈaɪ and=ænd NASA.=nˈæsɐ',
  ],
  [
    'en-us',
    "He's the one who doesn't want to be in it.",
    "He's=hiːz the=ðə one=wˈʌn who=hˌuː doesn't=dˈʌzənt want=wˈɔnt to=tə be=bi in=ɪn it.=ɪt",
  ],
  [
    'en-us',
    'I would have been there at the end of the day.',
    'I=aɪ would=wʊd have=hɐv been=bˌɪn there=ðɛɹ at=æt the=ðɪ end=ˈɛnd of=ʌv the=ðə day.=dˈeɪ',
  ],
  [
    'en-us',
    'We use e.g. apples, i.e. fruit, etc. at the U.S. embassy.',
    'We=wiː use=jˈuːz e.g.=fˌɔːɹɛɡzˈæmpəl apples,=ˈæpəlz | i.e.=ˌaɪˈiː fruit,=fɹˈuːt | etc.=ɛtsˈɛtɹə at=æt the=ðə U.S.=jˌuːˈɛs embassy.=ˈɛmbəsi',
  ],
  [
    'en-us',
    'The well-known co-operative second-hand shop is on the corner.',
    'The=ðə well-known=wˈɛlnˈoʊn co-operative=kˈoʊˈɑːpɚɹətˌɪv second-hand=sˈɛkəndhˈænd shop=ʃˈɑːp is=ɪz on=ɔn the=ðə corner.=kˈɔːɹnɚ',
  ],
  [
    'en-us',
    'Twenty-one thousand three hundred forty-two dollars and five cents.',
    'Twenty-one=twˈɛntiwˈʌn thousand=θˈaʊzənd three=θɹˈiː hundred=hˈʌndɹɪd forty-two=fˈɔːɹɾitˈuː dollars=dˈɑːlɚz and=ænd five=fˈaɪv cents.=sˈɛnts',
  ],
  [
    'en-us',
    "It is up to the two of us, isn't it?",
    "It=ɪɾ is=ɪz up=ˌʌp to=tə the=ðə two=tˈuː of=ʌv us,=ˌʌs | isn't=ˈɪzənt it?=ɪt",
  ],
  [
    'en-us',
    'Mr. Smith and Mrs. Hill — both of them — went to the BBC.',
    'Mr.=mˈɪstɚ | Smith=smˈɪθ and=ænd Mrs.=mˈɪsɪz | Hill=hˈɪl —= | both=bˈoʊθ of=ʌv them=ðˌɛm —= | went=wɛnt to=tə the=ðə BBC.=bˌiːbˌiːsˈiː',
  ],
  [
    'en-us',
    'Some of the rest of the text is out of date at the moment.',
    'Some=sˌʌm of=ʌv the=ðə rest=ɹˈɛst of=ʌv the=ðə text=tˈɛkst is=ɪz out=ˌaʊɾ of=əv date=dˈeɪt at=æt the=ðə moment.=mˈoʊmənt',
  ],
  [
    'en-us',
    'I will give it to you, and you have to give it back.',
    'I=aɪ will=wɪl give=ɡˈɪv it=ɪt to=tə you,=juː | and=ænd you=juː have=hæv to=tə give=ɡˈɪv it=ɪt back.=bˈæk',
  ],
  [
    'en-us',
    'An IBM PC and an HTML5 page.',
    'An=ɐn IBM=ˌaɪbˌiːˈɛm PC=pˌiːsˈiː and=ænd an=ɐn HTML5=ˌeɪtʃtˌiːˌɛmˈɛl fˈaɪv page.=pˈeɪdʒ',
  ],
  [
    'en-us',
    'Is there any way that it could have been avoided?',
    'Is=ɪz there=ðɛɹ any=ˌɛni way=wˈeɪ that=ðˌɐɾ it=ɪt could=kˌʊd have=ɐv been=bˌɪn avoided?=ɐvˈɔɪdᵻd',
  ],
  [
    'en-us',
    'That’s what I’d said; they’re not going to do it for a few of them.',
    'That’s=ðæts what=wʌt I’d=aɪd said;=sˈɛd | they’re=ðeɪɚ not=nˌɑːt going=ɡˌoʊɪŋ to=tə do=dˈuː it=ɪt for=fɚ a=ɹə few=fjˈuː of=ʌv them.=ðˌɛm',
  ],
  [
    'en-us',
    'It’s “the best of the lot” (or so they say) — and/or not.',
    'It’s=ɪts “the=ðə best=bˈɛst of=ʌv the=ðə lot”=lˈɑːt (or=ɔːɹ so=sˌoʊ they=ðeɪ say)=sˈeɪ | —= and/or=ænd slˈæʃ ɔːɹ not.=nˈɑːt',
  ],
  [
    'en-us',
    'Go (now)! ...and then? "Stop," he said. [End]',
    'Go=ɡˌoʊ (now)!=nˈaʊ | ...and=ænd then?=ðˈɛn | "Stop,"=stˈɑːp | he=hiː said.=sˈɛd | [End]=ˈɛnd',
  ],
  [
    'en-us',
    'The COVID-19 vaccine was of the mRNA kind & the cost was 5% of $10.',
    'The=ðə COVID-19=kˈɑːvɪd  nˈaɪntiːn vaccine=væksˈiːn was=wʌz of=ʌv the=ðɪ mRNA=ˈɛm ˌɑːɹɹˌɛnˈeɪ kind=kˈaɪnd &=ænd the=ðə cost=kˈɔst was=wʌz 5%=fˈaɪv pɚsˈɛnt of=ʌv $10.=dˈɑːlɚ tˈɛn',
  ],
  [
    'en-us',
    'WW2 and 3D on the A380 at 5 p.m. in Room 12B.',
    'WW2=dˌʌbəljˌuːdˈʌbəljˌuː tˈuː and=ænd 3D=θɹˈiː dˈiː on=ɔn the=ðɪ A380=ˌeɪ θɹˈiːhˈʌndɹɪd ˈeɪɾi at=æt 5=fˈaɪv p.m.=pˌiːˈɛm in=ɪn Room=ɹˈuːm 12B.=twˈɛlv bˈiː',
  ],
  [
    'en-gb',
    'The end of the car park is not as far away as the one on the left.',
    'The=ðɪ end=ˈɛnd of=ɒv the=ðə car=kˈɑː park=pˈɑːk is=ɪz not=nˌɒt as=az far=fˈɑːɹ away=ɐwˈeɪ as=az the=ðə one=wˈɒn on=ɒn the=ðə left.=lˈɛft',
  ],
  [
    'es',
    '¿Dónde está la casa de los abuelos del señor García? El niño va a la escuela.',
    '¿Dónde=dˈonde está=estˈa la=la casa=kˈasa de=ðe los=los abuelos=aβwˈelos del=ðel señor=seɲˈoɾ García?=ɣaɾθˈia | El=el niño=nˈiɲo va=βˈa a=a la=la escuela.=eskwˈela',
  ],
  [
    'fr-fr',
    "Est-ce que vous avez vu l'homme qui est dans les arbres?",
    "Est-ce=ɛs que=kə vous=vuz avez=avˈe vu=vˈy l'homme=lˈɔm qui=ki est=ɛ dans=dɑ̃ les=le-z arbres?=ˈaʁbʁ",
  ],
  [
    'it',
    "Che cos'è l'amore? È una cosa che non si può dire, all'improvviso.",
    "Che=ke cos'è=kozˈɛ l'amore?=lamˈore | È=e una=ˌʊna cosa=kˈɔza che=ke non=non si=sɪ può=pʊˈɔ dire,=dˈire | all'improvviso.=allimprovvˈizo",
  ],
  [
    'pt-br',
    'O que é que você está fazendo na casa da minha avó?',
    'O=ʊ que=ky é=ɛ que=ky você=vosˌe está=estˌa fazendo=fˌazˈeɪŋdʊ na=na casa=kˈazæ da=da minha=mˌiɲæ avó?=avˈɔ',
  ],
  [
    'hi',
    'मैं आपसे मिलकर बहुत खुश हूँ। आप कैसे हैं?',
    'मैं=mɛ̃ आपसे=ˈaːpsˌeː मिलकर=mˈɪləkˌəɾ बहुत=bˈʌhʊt खुश=kʰˈʊʃ हूँ।=hũ | आप=ˌaːp कैसे=kˈɛːseː हैं?=hɛ̃',
  ],
];
