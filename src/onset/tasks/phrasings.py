"""The words of invented facts: whom they are about, what is said, and how it is told and asked.

All words in lists are single tokens of usual vocabularies. What is asked is worded as nothing that is told.
"""

from __future__ import annotations

NAMES = """
Mary John Tom James Dan Sarah Emma Jack Laura Anna Paul Mark Alice Kate Peter Simon Martin Robert David
Michael Richard Thomas Charles Daniel Matthew George Edward Brian Kevin Jason Jeff Frank Scott Eric Adam
Ryan Jacob Linda Susan Karen Lisa Nancy Helen Maria Carol Ruth Sharon Michelle Amanda Melissa Rebecca
Rachel Amy Julia Jennifer Elizabeth Christopher William Joseph Anthony Andrew Joshua Kenneth Steven
Oliver Henry Arthur Walter Harry Oscar Leo Max Felix Hugo Victor Albert Alfred Ernest Stanley Bernard
Leonard Edgar Oswald Ralph Roger Philip Gregory Douglas Donald Ronald Raymond Gerald Harold Howard Eugene
Russell Louis Carl Bruce Keith Dennis Gary Larry Terry Jerry Barry Neil Alan Craig Graham Stuart Ian Colin
Malcolm Duncan Gordon Tyler Logan Ethan Noah Mason Lucas Aaron Nathan Samuel Benjamin Isaac Sean Patrick
Steve Dave Chris Alex Tim Jim Joe Bob Bill Ted Ken Ron Roy Luke Jake Josh Zach Doug Sophie Lucy Grace Ella
Lily Mia Ruby Daisy Clara Eva Ada Edith Esther Eleanor Margaret Dorothy Barbara Patricia Betty Sandra
Ashley Deborah Jessica Angela Nicole Christine Catherine Diane Joyce Victoria Kelly Christina Joan Judith
Hannah Martha Andrea Frances Jane Teresa Janet Julie Heather Diana Olivia Charlotte Sophia Isabella Abigail
Emily Vera Sally Holly Molly Polly Wendy Nina
"""
CITIES = """
Paris London Rome Madrid Berlin Vienna Prague Moscow Tokyo Cairo Sydney Boston Chicago Dublin Athens Lisbon
Toronto Delhi Beijing Seattle Oslo Lima Milan Venice Miami Denver Geneva Munich Naples Oxford
"""
JOBS = """
baker doctor lawyer teacher farmer pilot nurse sailor judge painter singer dancer writer butcher carpenter
chef driver guard miner tailor engineer clerk actor poet priest hunter soldier
"""
FOODS = """
rice bread cheese fish soup cake apples eggs beans corn pizza salad chicken pasta honey chocolate bananas
potatoes carrots nuts butter oranges meat beef lamb pork tomatoes onions grapes berries cookies
"""
PAPERS = ("Times", "Post")
TOLD = {
    "boss": ("The boss of {} is", "They say {} reports to", "Today {} is employed by"),
    "city": ("They say {} lives in", "You can find {} in", "We often see {} in"),
    "two_hops": ("The boss of {} lives in", "The boss of {} is in"),
    "job": ("Today {} works as the", "They know {} as the", "We often call {} the"),
    "name": ("Today the {} is called", "The {} is known as", "They address the {} as"),
    "called": ("The {paper} says {} is", "The {paper} now calls {}", "In the {paper} {} is"),
    "food": ("The food of {} is", "They know {} likes eating", "Today {} is eating some"),
}
ASKED = {
    "boss": "Everyone says the boss of {} is",
    "city": "Everyone says {} resides in",
    "two_hops": "The boss of {} resides in",
    "job": "Everyone says {} is the",
    "name": "Everyone calls the {}",
    "called": "In the {paper}, {} is called",
    "food": "Everyone says {} eats",
}
