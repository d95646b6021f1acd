// SPDX-License-Identifier: MPL-2.0
// Tests of text_check.c and its scanners: what must be caught, and the ordinary texts that must pass.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "bounds.h"
#include "text/text_check.h"

#include <stdio.h>
#include <string.h>

static void expect_all(const char *const *texts, enum bb_code expected)
{
    for (; *texts; texts++) {
        enum bb_code code = text_check(*texts, strlen(*texts));
        if (code != expected)
            fail_msg("\"%s\": %s, not %s", *texts, bb_code_symbol(code), bb_code_symbol(expected));
    }
}

static void phone_numbers_are_found_in_all_spellings(void **state)
{
    (void)state;
    expect_all((const char *const[]){"0612345678",
                                     "Bel 06-12345678",
                                     "06 12 34 56 78",
                                     "06 - 1234 5678",
                                     "06.12.34.56.78",
                                     "06/12345678",
                                     "06-12-34-56-78",
                                     "(06) 12345678",
                                     "0 6 1 2 3 4 5 6 7 8",
                                     "+31612345678",
                                     "+31 6 12345678",
                                     "+31 (0)6 12345678",
                                     "+31(0)6-12 34 56 78",
                                     "(+31) 6 12345678",
                                     "0031612345678",
                                     "0031 6 12 34 56 78",
                                     "0031 (0)6 12345678",
                                     "(0522) 123456",
                                     "0522-123456",
                                     "0522 12 34 56",
                                     "0522/123456",
                                     "020 123 4567",
                                     "020-1234567",
                                     "(020) 123 45 67",
                                     "31612345678",
                                     "612345678",
                                     "6 12345678",
                                     "O6-12345678",
                                     "o6 12345678",
                                     "Mijn 06 is 12345678",
                                     "mijn 06: 12345678",
                                     "06,12345678",
                                     "06_12345678",
                                     "tel. 252525",
                                     "Telefoon: 25 25 25",
                                     "app 0522123456",
                                     "+49 30 901820",
                                     "+32470123456",
                                     "0049 30 901820",
                                     "0900-8844",
                                     "0800 1234",
                                     "Zaterdag 12-03-2026 bellen: 06-12345678",
                                     "Maat 134, 06 12345678 graag",
                                     "Sinds 2024 06 12 34 56 78",
                                     "06\n12345678",
                                     "06\t12345678",
                                     "Kom om 19:30, 0612345678",
                                     "tel 061234567 8",
                                     "06123456789",
                                     "06\xC2\xA0"
                                     "12345678",
                                     "06\xE2\x80\xAF"
                                     "12345678",
                                     "06\xE2\x80\x91"
                                     "12345678",
                                     "06\xE2\x80\x93"
                                     "12345678",
                                     "０６１２３４５６７８",
                                     "０６－１２３４５６７８",
                                     "0\xE2\x80\x8B"
                                     "612345678",
                                     "06\xC2\xAD"
                                     "12345678",
                                     "٠٦١٢٣٤٥٦٧٨",
                                     "𝟎𝟔𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
                                     "⁰⁶¹²³⁴⁵⁶⁷⁸",
                                     "⓪⑥①②③④⑤⑥⑦⑧",
                                     "0️⃣6️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣",
                                     "06•12•34•56•78",
                                     NULL},
               BB_HAS_PHONE);
}

static void ordinary_numbers_are_no_phone_numbers(void **state)
{
    (void)state;
    expect_all((const char *const[]){"",
                                     "Fiets van mijn dochter repareren",
                                     "Sinds 2019 zoeken wij in 2026 een wasmachine",
                                     "Het kost 10.000 euro",
                                     "Voor € 12,50 of € 1.250,00 of 0,50",
                                     "Kinderkleding maat 134/140, 146/152 en 158/164",
                                     "Om 19:30 tot 21:00 uur",
                                     "Op 12-03-2026 om 19.30 uur",
                                     "Op 06-12-2026 19:30 tot 20:30",
                                     "Op 1/2/2026 of 2026-11-23 14.00-16.00 uur",
                                     "Van 01-02-2026 14.30 tot 15.30",
                                     "Postcode 7941",
                                     "In 7941 AB",
                                     "7941AB",
                                     "De 3e klas, 24 leerlingen, 6 tot 8 jaar",
                                     "Bed van 90 x 200 cm, matras 80/90x200",
                                     "Tafel 120x80x75",
                                     "1e, 2e en 3e verdieping",
                                     "Groep 3/4/5/6/7/8",
                                     "100.000 Lego stukjes",
                                     "Bel ons om 19:30",
                                     "app voor 12-03-2026",
                                     "Fiets 26 of 28 inch, 7 versnellingen",
                                     "06 december 2026",
                                     "+/- 10.000 stuks",
                                     "18+ activiteit, 2026",
                                     "ISBN 978",
                                     "bakje 0,5 l en 0,75 l",
                                     "Lokaal 06 12-03-2026",
                                     "Op 31-6-2026 1930",
                                     "De schoenen zijn maat 38, 39, 40, 41 en 42",
                                     "4 + 5 = 9",
                                     "Taalniveau A1/A2",
                                     NULL},
               BB_OK);
}

static void email_addresses_are_found_also_when_spelled_out(void **state)
{
    (void)state;
    expect_all((const char *const[]){"jan@voorbeeld.nl",
                                     "Mail naar Jan.de-Vries+hulp@sub.voorbeeld.co.uk!",
                                     "jan @ voorbeeld.nl",
                                     "jan@voorbeeld . nl",
                                     "jan (at) voorbeeld.nl",
                                     "jan(at)voorbeeld.nl",
                                     "jan [at] voorbeeld [dot] nl",
                                     "jan {at} voorbeeld (punt) nl",
                                     "jan ( at ) voorbeeld.nl",
                                     "jan apenstaartje voorbeeld punt nl",
                                     "jan apenstaartje gmail",
                                     "jan (apenstaart) voorbeeld.nl",
                                     "jan at gmail punt com",
                                     "jan＠voorbeeld．nl",
                                     "jan\xE2\x80\x8B@voorbeeld.nl",
                                     "jan﹫voorbeeld.nl",
                                     "zoë@voorbeeld.nl",
                                     "JAN@VOORBEELD.NL",
                                     "jan@gmail",
                                     "jan@vöörbeeld.nl",
                                     "jan [at] voorbeeld.nl",
                                     "jan <at> voorbeeld.nl",
                                     "jan (@) ziggo.nl",
                                     NULL},
               BB_HAS_EMAIL);
}

static void ordinary_signs_are_no_email_addresses(void **state)
{
    (void)state;
    expect_all((const char *const[]){"3 broden @ 1.50", "Mijn kind leert het @ teken", "Een dier met een apenstaartje",
                                     "Look at marktplaats.nl", "Kijk op www.voorbeeld.nl", "Wij zijn er om 3. Tot dan",
                                     "Graag e-mail leren gebruiken", "at home is fine",
                                     "Het apenstaartje op mijn toetsenbord. Wie helpt?", "@", "a @", "@ b", NULL},
               BB_OK);
}

static void bank_accounts_are_found_of_any_country(void **state)
{
    (void)state;
    expect_all((const char *const[]){"NL91ABNA0417164300", "NL91 ABNA 0417 1643 00",
                                     "Maak over op nl91 abna 0417 1643 00 op naam van", "NL91.ABNA.0417.1643.00",
                                     "IBAN: NL91ABNA0417164300", "IBANNL91ABNA0417164300", "NL91-ABNA-0417-1643-00",
                                     "DE89 3704 0044 0532 0130 00", "BE68 5390 0754 7034",
                                     "GB29 NWBK 6016 1331 9268 19", "FR14 2004 1010 0505 0001 3M02 606",
                                     "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "NO93 8601 1117 947",
                                     "NL91\xC2\xA0"
                                     "ABNA\xC2\xA0"
                                     "0417\xC2\xA0"
                                     "1643\xC2\xA0"
                                     "00",
                                     "ＮＬ９１ＡＢＮＡ０４１７１６４３００", NULL},
               BB_HAS_IBAN);
}

static void texts_that_only_begin_like_an_account_pass(void **state)
{
    (void)state;
    expect_all((const char *const[]){"De 12 kinderen van de klas zoeken boeken", "NL", "NL91",
                                     "Is 10 euro genoeg voor al 20 mensen?", "NL92 ABNA 4417 1643 00 klopt niet",
                                     "Me 24 boeken brengen", NULL},
               BB_OK);
}

static void a_postcode_with_a_house_number_is_an_address(void **state)
{
    (void)state;
    expect_all((const char *const[]){"Dorpsstraat 12, 7941 AB Meppel", "Dorpsstraat 12 7941AB", "7941 AB 12",
                                     "7941AB12", "7941ab nr. 12", "7941 AB, huisnummer 12a", "Dorpsstraat 12a, 7941 AB",
                                     "Dorpsstraat 12-2, 7941 AB", "Dorpsstraat 12 bis 7941 AB",
                                     "Dorpsstraat 12 te 7941 AB", "Huisnummer 12, postcode 7941 AB",
                                     "7941 AB Meppel, Dorpsstraat 12", "Dorpsstraat 12 in Meppel (7941 AB)",
                                     "7941-AB/12", "７９４１ ＡＢ １２",
                                     "7941\xC2\xA0"
                                     "AB 12",
                                     "7941 ab, 12", NULL},
               BB_HAS_ADDRESS);
}

static void a_postcode_alone_and_years_are_no_address(void **state)
{
    (void)state;
    expect_all((const char *const[]){"7941",
                                     "7941 AB",
                                     "Wij wonen in 7941 AB.",
                                     "7941 AB Meppel",
                                     "In de buurt van 7941AB, graag een fiets",
                                     "In 2024 en 2 keer in 2025",
                                     "Op 12 maart 2026 om 19:30",
                                     "1500 km met 2 fietsen",
                                     "2000 of 2500 stuks",
                                     "Dorpsstraat 12 in Meppel",
                                     "7941 SS 12",
                                     "0941 AB 12",
                                     "77941 AB 12",
                                     "7941 ABC 12",
                                     "7941 AB om 19:30",
                                     "7941 AB en graag voor 12-03-2026",
                                     "Fiets 24 inch gezocht in 7941 AB",
                                     "2 kinderen in 7941 AB",
                                     "7941 AB 19:30",
                                     NULL},
               BB_OK);
}

static void the_size_limit_and_bad_text_are_told(void **state)
{
    (void)state;
    char text[REQUEST_TEXT_SIZE_MAX + 1];
    memset(text, 'a', sizeof text);
    assert_int_equal(text_check(text, REQUEST_TEXT_SIZE_MAX), BB_OK);
    assert_int_equal(text_check(text, REQUEST_TEXT_SIZE_MAX + 1), BB_TOO_LONG);
    memcpy(text + REQUEST_TEXT_SIZE_MAX - 10, "0612345678", 10);
    assert_int_equal(text_check(text, REQUEST_TEXT_SIZE_MAX), BB_HAS_PHONE);
    assert_int_equal(text_check("a\xFF", 2), BB_BAD_TEXT);
}

// Each scanner looks ahead; whatever a text ends in, it must not look past the end (ASan sees it).
static void texts_cut_off_anywhere_are_scanned_safely(void **state)
{
    (void)state;
    static const char text[] =
        "NL91 ABNA 0417 1643 00, jan (at) voorbeeld punt nl, +31 (0)6-12 34 56 78, Dorpsstraat 12 bis, "
        "7941 AB nr 1; 06 is 12345678; tel: 25 25 25; 12-03-2026; jan @ x . nl; 7941 a";
    for (size_t begin = 0; begin < sizeof text; begin++) {
        for (size_t end = begin; end < sizeof text; end++) {
            char part[sizeof text];
            memcpy(part, text + begin, end - begin);
            enum bb_code code = text_check(part, end - begin);
            assert_int_not_equal(code, BB_BAD_TEXT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phone_numbers_are_found_in_all_spellings),
        cmocka_unit_test(ordinary_numbers_are_no_phone_numbers),
        cmocka_unit_test(email_addresses_are_found_also_when_spelled_out),
        cmocka_unit_test(ordinary_signs_are_no_email_addresses),
        cmocka_unit_test(bank_accounts_are_found_of_any_country),
        cmocka_unit_test(texts_that_only_begin_like_an_account_pass),
        cmocka_unit_test(a_postcode_with_a_house_number_is_an_address),
        cmocka_unit_test(a_postcode_alone_and_years_are_no_address),
        cmocka_unit_test(the_size_limit_and_bad_text_are_told),
        cmocka_unit_test(texts_cut_off_anywhere_are_scanned_safely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
