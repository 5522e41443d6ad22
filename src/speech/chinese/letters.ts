/** Pinyin nearest to how Mandarin speakers name the Latin letters; there is no standard for it. */
const NAMES: ReadonlyMap<string, string> = new Map(
  `a ei1
b bi4
c xi1
d di4
e yi4
f ai2 fu0
g ji4
h ei2 chi0
i ai4
j zhei4
k kei4
l ai2 lou0
m ai2 mu0
n en1
o ou1
p pi4
q kiu1
r a4
s ai2 si0
t ti4
u you1
v wei1
w da2 bu0 liu0
x ai2 ke0 si0
y wai4
z zei4`
    .split('\n')
    .map((line) => [line.charAt(0), line.slice(2)] as const),
);

/** Syllables of a Latin letter's name; undefined of anything else. */
export function letterSyllables(letter: string): string[] | undefined {
  return NAMES.get(letter.toLowerCase())?.split(' ');
}
