import type {
  Attributes,
  Family,
  SkyObject,
  Thing,
  Time,
  Weather,
  Season,
  Palette,
  Style,
} from './attributes.ts';
import type { Random } from './random.ts';

type Words = readonly [string, ...string[]];

const familyWords: Record<Family, Words> = {
  mountains: ['mountains', 'mountain range', 'peaks', 'alps', 'mountain landscape'],
  dunes: ['dunes', 'desert', 'sand dunes', 'sandy desert', 'sahara'],
  sea: ['sea', 'ocean', 'open sea', 'seascape', 'the sea'],
  forest: ['forest', 'woods', 'trees', 'woodland', 'forest landscape'],
  meadow: ['meadow', 'rolling hills', 'hills', 'grassland', 'countryside'],
  canyon: ['canyon', 'mesas', 'red rocks', 'rocky desert', 'buttes'],
  city: ['city', 'skyline', 'skyscrapers', 'town', 'city skyline', 'buildings'],
  arctic: ['arctic', 'ice', 'icebergs', 'polar landscape', 'glacier'],
  volcano: ['volcano', 'lava', 'erupting volcano', 'volcano with lava'],
  planet: ['planet', 'alien planet', 'strange planet', 'another world', 'space'],
  underwater: ['underwater', 'under the sea', 'coral reef', 'reef', 'deep sea'],
  lake: ['lake', 'mountain lake', 'still lake', 'lake with reflections', 'reflection'],
  island: ['island', 'tropical island', 'beach', 'lagoon', 'tropical beach'],
  savanna: ['savanna', 'acacias', 'african plain', 'savannah', 'dry grassland'],
  fields: ['fields', 'farmland', 'rows of crops', 'farm', 'lavender fields'],
};

const timeWords: Record<Time, Words> = {
  dawn: ['dawn', 'at dawn', 'sunrise', 'early morning', 'morning'],
  day: ['day', 'by day', 'daylight', 'noon', 'daytime'],
  sunset: ['sunset', 'at sunset', 'sundown', 'evening glow', 'sunset sky'],
  dusk: ['dusk', 'at dusk', 'twilight', 'evening', 'blue hour'],
  night: ['night', 'at night', 'dark night', 'midnight', 'night sky'],
};

const weatherWords: Record<Weather, Words> = {
  clear: ['clear', 'clear sky', 'fine weather', 'clear weather'],
  cloudy: ['cloudy', 'clouds', 'with clouds', 'overcast'],
  fog: ['fog', 'mist', 'misty', 'foggy', 'haze'],
  rain: ['rain', 'rainy', 'in the rain', 'raining', 'shower'],
  snow: ['snow', 'snowing', 'snowfall', 'falling snow', 'snowy'],
};

const seasonWords: Record<Exclude<Season, 'none'>, Words> = {
  spring: ['spring', 'in spring', 'springtime', 'blossom'],
  summer: ['summer', 'in summer', 'summertime', 'green'],
  autumn: ['autumn', 'in autumn', 'fall', 'autumn leaves'],
  winter: ['winter', 'in winter', 'wintry', 'snow on the ground'],
};

const skyWords: Record<Exclude<SkyObject, 'plain'>, Words> = {
  sun: ['sun', 'the sun', 'sunny', 'big sun'],
  'full moon': ['full moon', 'moon', 'moonlight'],
  'half moon': ['half moon', 'moon'],
  'crescent moon': ['crescent moon', 'crescent', 'moon'],
  stars: ['stars', 'starry sky', 'starry'],
  aurora: ['aurora', 'northern lights', 'polar lights'],
  'ringed planet': ['ringed planet', 'planet with rings', 'saturn'],
};

const paletteWords: Record<Palette, Words> = {
  natural: ['natural colours', 'natural'],
  warm: ['warm colours', 'warm'],
  cool: ['cool colours', 'cool', 'cold colours'],
  pastel: ['pastel colours', 'pastel', 'pale'],
  vivid: ['vivid colours', 'vivid', 'bright colours', 'colourful'],
  muted: ['muted colours', 'muted', 'faded'],
};

const styleWords: Record<Style, Words> = {
  flat: ['flat', 'flat illustration', 'poster', 'flat design'],
  gradient: ['soft', 'soft gradients', 'smooth', 'glowing'],
  paper: ['paper cut', 'cut paper', 'papercraft', 'layered paper'],
  print: ['print', 'grainy print', 'screen print', 'grain', 'risograph'],
};

const thingWords: Record<Thing, Words> = {
  balloon: ['hot air balloon', 'balloon'],
  birds: ['birds', 'flock of birds'],
  sailboat: ['sailboat', 'boat', 'sailing boat'],
  whale: ['whale'],
  lighthouse: ['lighthouse'],
  house: ['house', 'cottage', 'hut'],
  windmill: ['windmill', 'mill'],
  castle: ['castle'],
  bridge: ['bridge'],
  tent: ['tent', 'camping'],
  pines: ['pines', 'pine trees', 'fir trees'],
  palms: ['palms', 'palm trees'],
  cacti: ['cacti', 'cactus'],
  rocket: ['rocket', 'spaceship'],
  fish: ['fish', 'shoal of fish'],
  jellyfish: ['jellyfish'],
};

const sideWords = { left: 'on the left', centre: 'in the middle', right: 'on the right' } as const;
const horizonWords = { low: 'low horizon', middle: 'horizon in the middle', high: 'high horizon' } as const;

/** Random correct caption of a scene: most attributes in varied wording and order; some are omitted. */
export function caption(scene: Attributes, random: Random): string {
  const parts: string[] = [];
  const maybe = (probability: number, words: Words) => {
    if (random.chance(probability)) parts.push(random.pick(words));
  };
  const family = random.pick(familyWords[scene.family]);
  const time = random.pick(timeWords[scene.time]);
  const both = random.next();
  // Family and time in one phrase, as people write: "sunset over the sea", "city at night".
  if (both < 0.2) {
    parts.push(`${random.pick(timeWords[scene.time])} over the ${family}`);
  } else if (both < 0.5) {
    parts.push(`${family} ${time}`);
  } else {
    if (both < 0.95) parts.push(family);
    if (random.chance(0.7)) parts.push(time);
  }
  maybe(scene.weather === 'clear' ? 0.3 : 0.7, weatherWords[scene.weather]);
  if (scene.season !== 'none') maybe(0.65, seasonWords[scene.season]);
  if (scene.sky !== 'plain') maybe(0.6, skyWords[scene.sky]);
  for (const thing of scene.things) maybe(0.7, thingWords[thing]);
  if (scene.things.length === 0 && random.chance(0.06)) parts.push('empty landscape');
  maybe(scene.palette === 'natural' ? 0.1 : 0.4, paletteWords[scene.palette]);
  maybe(0.35, styleWords[scene.style]);
  if (random.chance(0.1)) parts.push(horizonWords[scene.horizon]);
  if (scene.sky === 'sun' && random.chance(0.12)) parts.push(`sun ${sideWords[scene.side]}`);
  if (parts.length === 0) parts.push(family);
  return random.shuffled(parts).join(random.chance(0.8) ? ', ' : ' ');
}

/** Caption of all attributes except horizon, side and tone in their first wording, used to measure retrieval. */
export function fullCaption(scene: Attributes): string {
  return [
    familyWords[scene.family][0],
    timeWords[scene.time][0],
    weatherWords[scene.weather][0],
    ...(scene.season === 'none' ? [] : [seasonWords[scene.season][0]]),
    ...(scene.sky === 'plain' ? [] : [skyWords[scene.sky][0]]),
    ...scene.things.map((thing) => thingWords[thing][0]),
    paletteWords[scene.palette][0],
    styleWords[scene.style][0],
  ].join(', ');
}

/** Wordings of the values of each attribute, for zero-shot classification. */
export const attributeWords = {
  family: familyWords,
  time: timeWords,
  weather: weatherWords,
  season: seasonWords,
  sky: skyWords,
  palette: paletteWords,
  style: styleWords,
  thing: thingWords,
} as const;
