// SPDX-License-Identifier: MPL-2.0
// The tables of people.h.
#include "people.h"

#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct {
    const char *name;
    enum bb_class audience_class;
} givers[] = {
    [PEOPLE_BIKE_SHOP] = {"Fietsenmaker De Ketting", CLASS_BUSINESS},
    [PEOPLE_SECOND_HAND_SHOP] = {"Kringloopwinkel Tweede Ronde", CLASS_BUSINESS},
    [PEOPLE_FOOD_BANK] = {"Voedselbank", CLASS_ORGANISATION},
    [PEOPLE_POLICE] = {"Wijkagent", CLASS_POLICE},
    [PEOPLE_REPAIR_CAFE] = {"Repaircafé", CLASS_ORGANISATION},
    {"Bibliotheek", CLASS_INSTITUTION},
    {"Basisschool De Regenboog", CLASS_INSTITUTION},
    {"Basisschool ’t Zonnetje", CLASS_INSTITUTION},
    {"Vakschool Techniek", CLASS_INSTITUTION},
    {"Academische polikliniek", CLASS_INSTITUTION},
    {"Muziekschool Crescendo", CLASS_INSTITUTION},
    {"Peuterspeelzaal Dreumes", CLASS_INSTITUTION},
    {"Gezondheidscentrum De Polsslag", CLASS_INSTITUTION},
    {"Voetbalclub De Sprong", CLASS_ORGANISATION},
    {"Zwemclub Geïnspireerd", CLASS_ORGANISATION},
    {"Judovereniging Evenwicht", CLASS_ORGANISATION},
    {"Vrijwilligersgroep Handen Ineen", CLASS_ORGANISATION},
    {"Buurthuis De Coöperatie", CLASS_ORGANISATION},
    {"Moestuin Het Koolblaadje", CLASS_ORGANISATION},
    {"Taalcafé", CLASS_ORGANISATION},
    {"Kledingbank", CLASS_ORGANISATION},
    {"Speel-o-theek De Dobbelsteen", CLASS_ORGANISATION},
    {"Wandelgroep Op Stap", CLASS_ORGANISATION},
    {"Zangkoor Hooggestemd", CLASS_ORGANISATION},
    {"Eettafel Samen aan Tafel", CLASS_ORGANISATION},
    {"Bakkerij De Korenaar", CLASS_BUSINESS},
    {"Eetcafé De Lepel", CLASS_BUSINESS},
    {"Wasserij Helder", CLASS_BUSINESS},
    {"Verhuisbedrijf De Doos", CLASS_BUSINESS},
    {"Schildersbedrijf Kleurrijk", CLASS_BUSINESS},
    {"Tuincentrum Groeneveld", CLASS_BUSINESS},
    {"Computerwinkel Aan-Uit", CLASS_BUSINESS},
    {"De Wijkkrant", CLASS_MEDIA},
    {"Lokale omroep", CLASS_MEDIA},
    {"Gemeente, loket Meedoen", CLASS_MUNICIPALITY},
};

void people_giver(size_t index, char name[NAME_SIZE_MAX + 1], enum bb_class *audience_class)
{
    if (index < COUNT(givers)) {
        snprintf(name, NAME_SIZE_MAX + 1, "%s", givers[index].name);
        *audience_class = givers[index].audience_class;
        return;
    }
    snprintf(name, NAME_SIZE_MAX + 1, "Bewoner %03zu", index - COUNT(givers) + 1);
    *audience_class = CLASS_RESIDENT;
}

static const struct people_request requests[] = {
    [PEOPLE_BIKE] = {"fiets", "De fiets van mijn dochter heeft een lekke band en een losse ketting. Wie helpt haar weer op weg?", WANTED_TIME, SIZE_SMALL},
    [PEOPLE_WASHING_MACHINE] = {"huishouden", "Onze wasmachine is stuk. Heeft iemand er een over, tweedehands is prima?", WANTED_GOODS, SIZE_SMALL},
    [PEOPLE_FOOD] = {"eten", "Wie heeft tips voor goedkoop én gezond eten, voor een gezin met een coëliakiepatiënt?", WANTED_TIP, SIZE_SMALL},
    [PEOPLE_CHILDS_BED] = {"huishouden", "Ons jongste kind is uit de wieg gegroeid. Wie heeft een kinderbed, liefst met ‘hekje’?", WANTED_GOODS, SIZE_SMALL},
    [PEOPLE_UPBRINGING] = {"opvoeden", "Ik zoek iemand om mee te praten over opvoeden, gewoon van ouder tot ouder.", WANTED_TALENT, SIZE_SMALL},
    [PEOPLE_DONT_KNOW] = {"weet-niet", "Ik weet niet waar ik terecht kan met mijn vraag. Wie denkt er met mij mee?", WANTED_TALENT, SIZE_SMALL},
    [PEOPLE_MONEY] = {"geldzaken", "Ik wil mijn geldzaken op orde brengen; er liggen veel ongeopende brieven.", WANTED_TALENT, SIZE_LARGE},
    [PEOPLE_SMOKING] = {"sport", "Ik wil stoppen met roken en zoek iemand die het met mij volhoudt.", WANTED_TALENT, SIZE_LARGE},
    [PEOPLE_ORDINARY] = {"kinderkleding", "Wie heeft kleren voor een jongen van zes? Maat 116, ook geleende zijn welkom.", WANTED_GOODS, SIZE_SMALL},
    {"huiswerk", "Mijn zoon loopt vast op breuken. Wie legt het hem één middag per week uit?", WANTED_TIME, SIZE_SMALL},
    {"lezen", "Ik wil beter leren lezen en schrijven. Wie oefent er met mij?", WANTED_TALENT, SIZE_SMALL},
    {"fiets", "Ik zoek een fiets om naar school te gaan; hij hoeft niet mooi te zijn.", WANTED_GOODS, SIZE_SMALL},
    {"samen-eten", "Waar kan ik op een doordeweekse avond aanschuiven? Ik eet te vaak alleen.", WANTED_TIP, SIZE_SMALL},
    {"nederlands", "Wie wil Nederlands met mij oefenen? Ik maak thee met ‘baklava’, en ik ben geïnteresseerd in tuinen.", WANTED_TIME, SIZE_SMALL},
    {"vervoer", "Ik kreeg een bed, maar het staat aan de andere kant van het dorp. Wie heeft een bakfiets?", WANTED_GOODS, SIZE_SMALL},
    {"computer", "Waar kan ik af en toe een computer gebruiken om te solliciteren?", WANTED_GOODS, SIZE_SMALL},
    {"kinderboeken", "Mijn dochter leest alles. Heeft iemand kinderboeken over, bijvoorbeeld over ruïnes of Griekse helden?", WANTED_GOODS, SIZE_SMALL},
    {"brieven", "Ik kreeg een brief die ik niet begrijp. Wie leest hem met mij door?", WANTED_TIME, SIZE_SMALL},
    {"feest", "Mijn kind wordt tien. Waar kan ik voor hooguit € 25 een feestje geven?", WANTED_TIP, SIZE_SMALL},
    {"werkervaring", "Ik wil werkervaring opdoen in de horeca. Wie laat mij een paar dagen meedraaien?", WANTED_TALENT, SIZE_SMALL},
    {"gezelschap", "Wie drinkt er eens een kop koffie met mij? Ik ben ’s ochtends altijd thuis.", WANTED_TIME, SIZE_SMALL},
    {"klussen", "De poort naar mijn tuin klemt. Wie heeft een schaaf en een halfuurtje?", WANTED_TIME, SIZE_SMALL},
    {"huishouden", "Mijn gordijnen zijn te lang. Wie heeft een naaimachine en leert mij zomen?", WANTED_TALENT, SIZE_SMALL},
    {"kinderkleding", "Wie heeft een winterjas voor een meisje van negen? Kleur maakt niet uit, façonné mag ook.", WANTED_GOODS, SIZE_SMALL},
    {"computer", "Ik krijg de tablet van school niet aan de praat. Wie kijkt even mee?", WANTED_TIME, SIZE_SMALL},
    {"sport", "Mijn zoon wil op judo, maar een pak is duur. Heeft iemand er een dat te klein is geworden?", WANTED_GOODS, SIZE_SMALL},
    {"eten", "Wie leert mij drie maaltijden koken voor minder dan € 10 per dag?", WANTED_TALENT, SIZE_SMALL},
    {"gezelschap", "Ik ben hier nieuw en zoek iemand om mee te wandelen, ook als het weer ‘niets’ is.", WANTED_TIME, SIZE_SMALL},
    {"vervoer", "Mijn moeder moet naar de polikliniek. Wie rijdt er één keer met ons mee?", WANTED_TIME, SIZE_SMALL},
    {"brieven", "Wie helpt mij een formulier in te vullen? Het is er één met veel bijlagen.", WANTED_TALENT, SIZE_SMALL},
    {"kinderboeken", "Wij zoeken een spelletje voor regenachtige dagen, bijvoorbeeld mens-erger-je-niet.", WANTED_GOODS, SIZE_SMALL},
    {"klussen", "Er moet een lamp op van drie meter hoog. Wie heeft een ladder en geen hoogtevrees?", WANTED_TIME, SIZE_SMALL},
};

const struct people_request *people_request(size_t index)
{
    const size_t ordinary = COUNT(requests) - PEOPLE_ORDINARY;
    return &requests[index < COUNT(requests) ? index : PEOPLE_ORDINARY + (index - PEOPLE_ORDINARY) % ordinary];
}

const char *people_offer(size_t index)
{
    static const char *const offers[] = {
        "Dat doe ik graag, deze week nog.",
        "Wij hebben er een staan; het is geen moeite.",
        "Kom gerust langs, de koffie is klaar.",
        "Ik kan op woensdagmiddag, en anders in het weekeinde.",
        "Daar help ik graag bij. Ik ben er zelf ook ooit mee geholpen.",
    };
    return offers[index % COUNT(offers)];
}

void people_contact(size_t asker, struct bb_contact *out)
{
    static const char *const flowers[] = {
        "Krokus",  "Anjer",    "Margriet", "Cyclaam", "Lavendel", "Klaproos", "Zonnebloem", "Vergeet-mij-niet",
        "Hyacint", "Azalea",   "Tulp",     "Violier", "Akelei",   "Dahlia",   "Korenbloem", "Sneeuwklokje",
        "Fresia",  "Gladiool", "Iris",     "Jasmijn", "Lelie",    "Narcis",
    };
    *out = (struct bb_contact){0};
    snprintf(out->name, sizeof out->name, "Huishouden %s %zu", flowers[asker % COUNT(flowers)],
             asker / COUNT(flowers) + 1);
    snprintf(out->phone, sizeof out->phone, "06-0000 %04zu", asker);
    snprintf(out->email, sizeof out->email, "huishouden%zu@voorbeeld.example", asker);
    snprintf(out->address, sizeof out->address, "Voorbeeldstraat %zu", asker + 1);
}

enum bb_heard_of people_heard_of(size_t asker)
{
    return (enum bb_heard_of)(HEARD_PERSONAL_CONTACT + asker % HEARD_OTHER);
}
