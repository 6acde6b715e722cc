from tests.support.furnish import furnish
def test_f(session, cast, now):
    import time; t=time.time()
    print(furnish(session, cast, now), time.time()-t)
