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
#define X(category, wanted, size, text) {category, text, wanted, size},
#include "requests.def"
#undef X
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
