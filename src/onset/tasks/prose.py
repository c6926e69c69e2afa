"""Plain prose of our own, about nothing that any task tells: what a model should go on saying as it did.

What of it is told in a training keeps the model from saying nothing but the training's other texts; the
rest measures by how much it has changed all the same. There is enough of it to be told little more than
once: a text that comes again and again is learnt by heart, which changes a model more than it keeps it.
"""

from __future__ import annotations

TOLD = (
    "The path led along the river for a mile before it turned into the wood, where the ground was soft "
    "and the light came through the leaves in small bright patches.",
    "When the rain stopped, the children ran out into the garden and found that every puddle held a "
    "piece of the sky, which broke and came back whenever they stepped in.",
    "A good knife should be heavy enough to do most of the work by itself, and sharp enough that you "
    "never have to press it down into what you cut.",
    "The old clock in the hall had been wrong for so long that everybody in the house added seven "
    "minutes without noticing that they did any sum at all.",
    "Bees tell each other where the flowers are by walking in a figure on the comb, and the angle of "
    "that walk says which way to fly from the sun.",
    "The train was late again, so the people on the platform had begun to talk with each other about "
    "the weather, the price of tickets, and the empty shops in town.",
    "If you want to keep a fire through the night, cover the coals with ash and leave them alone, and "
    "in the morning there will be enough heat to start again.",
    "The museum had bought the painting for very little, because nobody knew who had made it, and "
    "because one corner had been badly burned and then painted over.",
    "Snow fell all day without any wind, and by the evening the fences were gone, the road was gone, "
    "and the only sound was the stove in the kitchen.",
    "It is hard to see how fast a glacier moves, but the stones that it carries have travelled for "
    "hundreds of years before they reach the valley and drop into the mud.",
    "The library closes at six on most days, but on the first day of each month it stays open until "
    "nine, so that people who work can bring back their books.",
    "She had planted the seeds too early, and the frost took most of them, but the few that were left "
    "grew so well that by summer they covered the wall.",
    "Every evening the fishing boats came back in a line, with their lamps lit and a cloud of birds "
    "behind them, and the whole village went down to the harbour to look.",
    "To measure the height of a tower without climbing it, wait until your own shadow is as long as you "
    "are tall, and then walk along the shadow of the tower.",
    "The machine had three wheels, a belt of leather and a handle, and as long as somebody turned the "
    "handle slowly it would sort the grain from the dust and straw.",
    "Most of the letters were short and said little, but he kept them all in a box under the bed, tied "
    "with string, in the order in which they had arrived.",
    "The mill had stopped working long before the war, but its wheel still turned after heavy rain, and "
    "people who could not sleep said that they heard it grinding nothing.",
    "To read an old handwriting, begin with the words that you can guess, such as dates and greetings, "
    "and learn from them the shape of each letter before you go on.",
    "Two brothers owned the only boat on the lake, and since they did not speak to each other, anyone "
    "who wanted to cross had to ask both of them separately.",
    "The desert is not empty at night; as soon as the sand has cooled, the small animals come out, and "
    "in the morning their tracks run everywhere like writing.",
    "A violin that nobody plays goes quiet, the makers say, and needs weeks of patient work before the "
    "wood remembers how to move with the strings.",
    "When the factory closed, the town planted trees along the railway, and thirty years later the line "
    "was a long green tunnel with birds in it from end to end.",
    "The tide tables hung by the door, and nobody went out without looking at them, because the "
    "causeway was under water for six hours in every twelve.",
    "Dough that has risen too long falls together when it is touched; it can still be saved, but it "
    "should be folded, left to rest, and baked the same day.",
    "The lecture was about the history of maps, and the best part was a chart on which the sea was full "
    "of careful little waves and the land was left white.",
    "In the high valleys the hay was carried down on the back, in nets as large as a room, and from a "
    "distance it looked as if the meadows were walking.",
    "Our neighbour repaired radios, and in the evening his window was full of voices in languages that "
    "none of us knew, one after the other, each for a few seconds.",
    "The first lamps in the street burned oil, the second gas, and every time the light grew stronger "
    "somebody wrote to the newspaper to complain that the night was lost.",
    "A river never carries the same amount of sand for long: where it runs fast it digs, where it slows "
    "down it drops what it holds, and so it moves its bed.",
    "The kitchen smelled of smoke and oranges, the table was covered with paper, and on the paper lay "
    "the parts of a clock, sorted by size, each with its number.",
    "He had learned to swim in a quarry, where the water was green and very deep, and for the rest of "
    "his life the sea seemed shallow and crowded to him.",
    "If a wall leans, look first at the water: a drain that is blocked will move more earth in one "
    "winter than all the weight of the roof in a hundred years.",
    "On market days the square was full before sunrise, and the sellers warmed their hands over small "
    "stoves and called to each other across the dark, naming prices.",
    "The theatre had lost its ceiling in the storm, so for one summer the plays were given under the "
    "open sky, and swallows flew in and out during the speeches.",
)
HELD_OUT = (
    "The bridge was built in a single winter, when the ice was thick enough to carry the stones, and it "
    "has stood through every flood that has come down the valley since then.",
    "Nobody had opened the window for years, and when it finally gave way the whole room seemed to "
    "breathe out, and the papers on the desk lifted and settled again.",
    "A cat will often choose the one chair that is meant for a guest, and look so comfortable in it "
    "that the guest says there is no need to move anything.",
    "The soup needs little more than an hour, but it is better on the second day, when the herbs have "
    "had time to give what they have to the water.",
    "In spring the field behind the station is under water, and the ducks swim over the place where, in "
    "summer, the football team of the school plays its games every week.",
    "They argued about the map for so long that the sun went down, and then there was no need to argue, "
    "because nobody could see the map or the road.",
)
