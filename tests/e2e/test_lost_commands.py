# SPDX-License-Identifier: MPL-2.0
"""After a backup was put back: people's programs show what the broker has, and list what they had entered since."""
import shutil

import programs
import wire as api
from schema import wire


def put_back(village, logs, folder):
    """Restores the backup while nothing runs, and starts the broker again."""
    village.daemon.stop()
    done = programs.run(logs, "buurtbeld", "--restore", folder, village.daemon.config)
    assert done.code == 0, done
    village.daemon.restart()


def backup(village, logs, folder):
    done = programs.run(logs, "buurtbeld", "--backup", folder, village.daemon.config)
    assert done.code == 0, done


def about(event, request):
    return lambda line: line["event"] == event and line["request"]["request"] == api.id_text(request)


def listening_giver(village, giver_program):
    person = giver_program()
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    person.enrol(text, "Gever")
    listener = person.listen()
    listener.wait_for(lambda line: line["event"] == "connected")
    return person, listener


def test_what_a_restore_lost_leaves_the_screen_and_is_listed_until_it_is_forgotten(village, giver_program, logs,
                                                                                   tmp_path):
    person, listener = listening_giver(village, giver_program)
    known = village.publish().made
    listener.wait_for(about("alert", known))
    kept = person.do("answer", api.id_text(known), "offer", "Zaterdag")[-1]["made"]
    backup(village, logs, tmp_path / "backup")
    newer = village.publish().made
    listener.wait_for(about("alert", newer))
    gone = person.do("answer", api.id_text(newer), "offer", "Zondag")[-1]["made"]
    put_back(village, logs, tmp_path / "backup")

    lost = listener.wait_for(lambda line: line["event"] == "lost", timeout=60)["lost"]
    assert (lost["command"], lost["made"], lost["about"]) == ("give_answer", gone, api.id_text(newer))
    listener.wait_for(about("cancel", newer), timeout=60)
    assert listener.end() == 0
    assert [row["made"] for row in person.do("lost")] == [gone] and kept != gone

    def words(language, *options):
        done = programs.run(logs, "buurtbel-giver", "lost", "--home", person.home, "--language", language, *options)
        assert done.code == 0, done
        return done.stdout

    for language, what_to_do in (("en", "Enter again"), ("nl", "Voer opnieuw in")):
        shown = words(language)
        assert what_to_do in shown and gone in shown
        assert "Zondag" not in shown  # the text was not kept
    assert gone in words("en", "--forget")
    assert "Nothing" in words("en") and "Niets" in words("nl")


def test_two_restores_while_a_client_is_away_are_judged_by_its_own_epoch(village, giver_program, logs, tmp_path):
    person, listener = listening_giver(village, giver_program)
    assert listener.end() == 0
    backup(village, logs, tmp_path / "first")
    request = village.publish().made
    gone = person.do("answer", api.id_text(request), "offer", "Zondag")[-1]["made"]
    put_back(village, logs, tmp_path / "first")
    for _ in range(5):  # so that the second history goes on past the number of the lost command
        village.publish()
    backup(village, logs, tmp_path / "second")
    put_back(village, logs, tmp_path / "second")
    assert [row["made"] for row in person.do("lost")] == [gone]


def test_a_plain_copy_of_an_old_store_is_followed_too(village, giver_program, tmp_path):
    """Same epoch, and the client is ahead: the snapshot says what is open."""
    _, listener = listening_giver(village, giver_program)
    known = village.publish().made
    listener.wait_for(about("alert", known))
    village.daemon.stop()
    store = village.daemon.folder / "store"
    shutil.copytree(store, tmp_path / "copy")
    village.daemon.restart()
    newer = village.publish().made
    listener.wait_for(about("alert", newer), timeout=60)
    village.daemon.stop()
    shutil.rmtree(store)
    shutil.copytree(tmp_path / "copy", store)
    village.daemon.restart()
    listener.wait_for(about("cancel", newer), timeout=60)
    third = village.publish().made
    listener.wait_for(about("alert", third))
    assert listener.end() == 0
