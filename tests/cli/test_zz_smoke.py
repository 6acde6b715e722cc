import datetime as dt
from roadmap.demo.load import load
from roadmap.evidence.models import Evidence
import sqlalchemy as sa
def test_pages(app, session, browser_of):
    l=load(session,now=dt.datetime.now(dt.UTC)); session.commit()
    ids=[str(i) for i in session.scalars(sa.select(Evidence.id))]; session.rollback()
    for who in ('maya','tomas','jonas','priya','elena'):
        b=browser_of(l.ids[who])
        for u in ['/','/roadmaps','/roadmaps/senior-ml-engineer','/roadmaps/senior-ml-engineer/leadership','/evidence','/readiness','/skills','/career','/portfolio','/account']+['/evidence/'+i for i in ids]:
            r=b.get(u)
            print(who,u,getattr(r,'status_code',r))
